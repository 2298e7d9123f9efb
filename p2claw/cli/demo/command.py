"""`p2claw demo`: its options, what it prints, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from pathlib import Path
from typing import Any

import click

from p2claw.agent.upstream.address import parse_upstream
from p2claw.cli.demo.folder import only_demo
from p2claw.cli.demo.stage import Plan, Stage, stage
from p2claw.cli.listening import listens
from p2claw.cli.output import json_option, print_json, print_note, print_qr
from p2claw.config import home_dir
from p2claw.names import check_app

_EXAMPLE = """
\b
Examples:
  p2claw demo
  p2claw demo --port 3000

\b
Exit codes: 0 stopped by a signal, 1 a part of it failed, 2 usage, or a demo already runs from that
folder, 4 the URL did not respond.
"""

_PORT = click.IntRange(1, 65_535)


@click.command(epilog=_EXAMPLE)
@click.option("--port", type=_PORT, help="Publish your own app on this port, not the sample app.")
@click.option("--name", help="The name of the app.  [default: tidepool; app with --port]")
@click.option(
    "--data",
    "data_dir",
    envvar="P2CLAW_DEMO_DATA",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where its keys, database and logs are kept.  [default: ~/.p2claw/demo]",
)
@click.option("--server-port", type=_PORT, help="Port of the server.  [default: 8787, else any]")
@click.option("--no-qr", is_flag=True, help="Print no QR code.")
@json_option
def demo(
    port: int | None,
    name: str | None,
    data_dir: Path | None,
    server_port: int | None,
    no_qr: bool,
    as_json: bool,
) -> None:
    """Run everything on this machine and print a URL: server, agent, and an app to look at.

    The box of the demo has a key of its own, kept between runs, so its URL stays. Ctrl-C ends
    everything; a second Ctrl-C ends it at once.
    """
    upstream = None if port is None else parse_upstream(str(port)).text
    plan = Plan(
        name=check_app(name or ("tidepool" if upstream is None else "app")),
        data_dir=(data_dir or home_dir() / "demo").absolute(),
        upstream=upstream,
        server_port=server_port,
    )
    with only_demo(plan.data_dir):
        asyncio.run(_run(plan, qr=not no_qr, as_json=as_json))


async def _run(plan: Plan, *, qr: bool, as_json: bool) -> None:
    began = time.monotonic()

    def note(text: str) -> None:
        if not as_json:
            click.echo(f"· {text}", err=True)

    stop = asyncio.Event()
    async with stage(plan, note) as built:
        _handle_signals(stop, built, note)
        if not await _unless(stop, built.put_up()):
            return
        facts = _facts(built, time.monotonic() - began)
        if as_json:
            print_json(facts)
        else:
            _print(facts, qr=qr)
        broken = asyncio.create_task(built.broken())
        if await _unless(stop, broken):
            raise broken.result()
    note("stopped")


async def _unless(stop: asyncio.Event, work: Any) -> bool:
    """Wait for work; whether it came to its end before the stop. Raises what it raised."""
    working = asyncio.ensure_future(work)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if working.done():
        working.result()
        return True
    working.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working
    return False


def _handle_signals(stop: asyncio.Event, built: Stage, note: Any) -> None:
    def ask() -> None:
        if stop.is_set():
            built.hurry()
            return
        note("stopping")
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ask)


def _facts(built: Stage, took_s: float) -> dict[str, Any]:
    return {
        "url": built.url,
        "key_url": built.key_url,
        "app": built.plan.name,
        "upstream": built.upstream,
        "upstream_listens": listens(parse_upstream(built.upstream)),
        "edge": built.edge,
        "data": str(built.plan.data_dir),
        "pids": {child.title: child.pid for child in built.children},
        "took_s": round(took_s, 2),
    }


def _print(facts: dict[str, Any], *, qr: bool) -> None:
    click.echo(f"\n  {click.style(facts['url'], bold=True)}\n")
    if qr:
        print_qr(facts["url"])
    if not facts["upstream_listens"]:
        print_note(f"nothing listens on {facts['upstream']} yet; visitors see a page about it")
    print_note("*.localhost is this machine alone; docs/OPERATIONS.md shows a real deployment")
    click.echo("Ctrl-C stops everything.", err=True)
