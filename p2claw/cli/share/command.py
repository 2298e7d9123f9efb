"""`p2claw share TARGET`: its options, how it begins, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import signal
import sys
import time
from typing import Any

import click

from p2claw.agent.home.routes import Route, route_to_map
from p2claw.cli.agent_client import AgentClient
from p2claw.cli.demo.child import Child
from p2claw.cli.given_upstream import given_upstream
from p2claw.cli.output import json_option, print_json, print_note
from p2claw.cli.share.agent import running_agent, start_agent, start_agent_for_good
from p2claw.cli.share.display import Display, JsonDisplay, LineDisplay, LiveDisplay
from p2claw.cli.share.name import name_for
from p2claw.config import check_coordinator
from p2claw.errors import P2clawError
from p2claw.names import check_app

KEPT_S = 15.0
POLL_S = 0.1

_EXAMPLE = """
\b
Examples:
  p2claw share 3000
  p2claw share ./photos
  p2claw share ./dist --spa --name preview
  p2claw share 3000 --at https://apps.example.org

\b
Exit codes: 0 ended by a signal, or taken away by `p2claw unexpose`; 1 the agent ended or could not
start; 2 usage, a taken name, no coordinator known; 4 the agent does not answer.
"""


@click.command(epilog=_EXAMPLE)
@click.argument("target")
@click.option("--name", help="The name of the app.  [default: of the folder, or port-3000]")
@click.option("--spa", is_flag=True, help="Of a folder: its index.html serves all paths.")
@click.option("--at", metavar="URL", help="The coordinator.  [default: where this box has joined]")
@click.option("--keep", is_flag=True, help="Print the URL and return; the app stays exposed.")
@click.option("--no-qr", is_flag=True, help="Print no QR code.")
@json_option
def share(
    target: str,
    name: str | None,
    spa: bool,
    at: str | None,
    keep: bool,
    no_qr: bool,
    as_json: bool,
) -> None:
    """Give TARGET, a port or a folder, a URL for as long as this runs.

    Starts an agent if none runs. Shows who visits. Ctrl-C takes the URL away, and ends the agent if
    this had started it. --json prints one line for each event.
    """
    upstream = given_upstream(target, spa=spa)
    route = Route(check_app(name) if name else name_for(upstream), upstream)
    if at is not None:
        check_coordinator(at)
    display: Display
    if as_json:
        display = JsonDisplay()
    elif sys.stdout.isatty() and not keep:
        display = LiveDisplay(qr=not no_qr)
    else:
        display = LineDisplay(qr=not no_qr)
    work = _keep(route, at, display) if keep else _share(route, at, display)
    asyncio.run(work)


async def _share(route: Route, at: str | None, display: Display) -> None:
    stop = asyncio.Event()
    child: Child | None = None
    loop = asyncio.get_running_loop()

    def ask() -> None:
        if stop.is_set() and child is not None:
            child.kill()
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ask)
    try:
        if not await asyncio.to_thread(running_agent, at):
            # What speaks with the agent is loaded while that starts.
            loading = asyncio.to_thread(importlib.import_module, "p2claw.cli.share.sharing")
            child, _ = await asyncio.gather(start_agent(at), loading)
        from p2claw.cli.share.sharing import Sharing

        sharing = asyncio.create_task(Sharing(route, display, child).run())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({sharing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if sharing.done():
            sharing.result()
            return
        sharing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sharing
    finally:
        display.close()
        if child is not None:
            if not child.has_ended and stop.is_set():
                display.event({"event": "stopping"})
            await child.end()
    display.event({"event": "ended", "app": route.app})


async def _keep(route: Route, at: str | None, display: Display) -> None:
    """Expose for good, by an agent that stays."""
    if not await asyncio.to_thread(running_agent, at):
        pid = await start_agent_for_good(at)
        if not isinstance(display, JsonDisplay):
            print_note(f"an agent runs from now on, pid {pid}; `p2claw status` shows how it is")
    client = AgentClient()
    client.ask("PUT", f"/v1/routes/{route.app}", route_to_map(route))
    entry = await _announced(client, route.app)
    facts: dict[str, Any] = {
        "event": "kept",
        "app": route.app,
        "url": entry["url"],
        "key_url": entry["key_url"],
        "upstream": route.upstream.text,
    }
    if isinstance(display, JsonDisplay):
        print_json(facts)
    else:
        display.event({**facts, "event": "shared"})
        print_note(f"it stays exposed; `p2claw unexpose {route.app}` takes it away")


async def _announced(client: AgentClient, app: str) -> dict[str, Any]:
    deadline_s = time.monotonic() + KEPT_S
    while True:
        status = await asyncio.to_thread(client.ask, "GET", "/v1/status")
        entry: dict[str, Any] = next(one for one in status["apps"] if one["app"] == app)
        if entry["url"] and status["coordinator"]["state"] == "online":
            return entry
        if time.monotonic() > deadline_s:
            raise P2clawError(
                f"The agent did not reach {status['coordinator']['url']} within {KEPT_S:g} s: "
                f"{status['coordinator']['last_error']}",
                code="agent-offline",
                hint="It goes on trying, and the app stays exposed; `p2claw status` says more",
            )
        await asyncio.sleep(POLL_S)
