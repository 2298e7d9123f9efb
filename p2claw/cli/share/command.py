"""`p2claw share TARGET`: its options, how it begins, and how it ends."""

from __future__ import annotations

import sys

import click

from p2claw.agent.access.guarding import guarded
from p2claw.agent.home.routes import Route
from p2claw.cli.given_upstream import given_upstream
from p2claw.cli.guard_options import GuardWish, guard_options
from p2claw.cli.output import json_option
from p2claw.cli.share.display import Display, JsonDisplay, LineDisplay, LiveDisplay
from p2claw.cli.share.name import name_for
from p2claw.config import check_coordinator
from p2claw.names import check_app, is_unlisted, unlisted_app

_EXAMPLE = """
\b
Examples:
  p2claw share 3000
  p2claw share ./photos
  p2claw share ./dist --spa --name preview
  p2claw share ./inbox --writable --invited
  p2claw share ./photos --password
  p2claw share ./photos --unlisted
  p2claw share 3000 --at https://apps.example.org

\b
Exit codes: 0 ended by a signal, or by `p2claw unexpose`; 1 the agent ended or could not
start; 2 usage, a taken name, no coordinator known; 4 the agent does not respond.
"""


@click.command(epilog=_EXAMPLE)
@click.argument("target")
@click.option("--name", help="The name of the app.  [default: of the folder, or port-3000]")
@click.option("--spa", is_flag=True, help="Of a folder: its index.html serves all paths.")
@click.option("--writable", is_flag=True, help="Of a folder: visitors may add files to it.")
@click.option("--overwrite", is_flag=True, help="With --writable: they may replace files, too.")
@click.option("--at", metavar="URL", help="The coordinator.  [default: where this box has joined]")
@click.option(
    "--unlisted", is_flag=True, help="A name that nobody can guess, not shown on the box's page."
)
@guard_options
@click.option("--keep", is_flag=True, help="Print the URL and return; the app stays exposed.")
@click.option("--no-qr", is_flag=True, help="Print no QR code.")
@json_option
def share(
    target: str,
    name: str | None,
    spa: bool,
    writable: bool,
    overwrite: bool,
    at: str | None,
    unlisted: bool,
    guard_wish: GuardWish,
    keep: bool,
    no_qr: bool,
    as_json: bool,
) -> None:
    """Give TARGET, a port or a folder, a URL for as long as this runs.

    Starts an agent if none runs. Shows who visits. Ctrl-C ends the exposure, and the agent if this
    had started it. --json prints one line for each event.
    """
    upstream = given_upstream(target, spa=spa, writable=writable, overwrite=overwrite)
    guard = guard_wish.guard()
    app = check_app(name) if name else name_for(upstream)
    if unlisted and not is_unlisted(app):
        app = unlisted_app(name or "")
    route = guarded(Route(app, upstream), guard)
    if at is not None:
        check_coordinator(at)
    display: Display
    if as_json:
        display = JsonDisplay()
    elif sys.stdout.isatty() and not keep:
        display = LiveDisplay(qr=not no_qr)
    else:
        display = LineDisplay(qr=not no_qr)
    # Not before it is wanted: `--help` needs no loop.
    import asyncio

    from p2claw.cli.share import lasting

    work = lasting.keep if keep else lasting.share
    asyncio.run(work(route, guard, at, display))
