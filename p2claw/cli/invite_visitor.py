"""`p2claw invite-visitor APP`: makes a link that lets whoever has it into a guarded app."""

from __future__ import annotations

import re

import click

from p2claw.cli.agent_client import AgentClient
from p2claw.cli.completing import apps
from p2claw.cli.output import duration_text, json_option, print_json, print_note, print_qr
from p2claw.errors import UsageError
from p2claw.names import check_app

_EXAMPLE = """
\b
Examples:
  p2claw invite-visitor dog
  p2claw invite-visitor dog --for 7d --uses 20 --name guests

\b
Exit codes: 0 made, 2 an app that is open, or a wish that cannot be, 3 no such app, 4 no agent runs.
"""

_UNITS_S = {"m": 60, "h": 3_600, "d": 86_400}
_DURATION = re.compile(r"([0-9]{1,6})([mhd])")


@click.command(epilog=_EXAMPLE)
@click.argument("app", shell_complete=apps)
@click.option("--for", "duration", default="24h", show_default=True, help="30m, 24h, 7d.")
@click.option("--uses", default=1, show_default=True, help="How many browsers may enter by it.")
@click.option("--name", default="guest", show_default=True, help="Their name, as the app gets it.")
@click.option("--no-qr", is_flag=True, help="Print no QR code.")
@json_option
def invite_visitor(
    app: str, duration: str, uses: int, name: str, no_qr: bool, as_json: bool
) -> None:
    """Make a link that lets whoever opens it into APP, a guarded app.

    It is shown once. What it let in ends with it, and at once when it is revoked.
    """
    check_app(app)
    for_s = _seconds(duration)
    wish = {"name": name, "uses": uses, "for_s": for_s}
    made = AgentClient().ask("POST", f"/v1/invitations/{app}", wish)
    if as_json:
        print_json(made)
        return
    url = made["url"]
    click.echo(url or f"#i={made['token']}")
    if not url:
        print_note("the box was never registered: add this to the URL of the app")
    elif not no_qr:
        print_qr(url)
    uses_text = "one browser" if uses == 1 else f"{uses} browsers"
    print_note(f"for {uses_text}, {duration_text(for_s)}; its id is {made['id']}")


def _seconds(text: str) -> int:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise UsageError(
            f"{text!r} is not a duration",
            code="duration-invalid",
            hint="Give minutes, hours or days: 30m, 24h, 7d",
        )
    return int(match[1]) * _UNITS_S[match[2]]
