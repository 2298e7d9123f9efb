"""`p2claw mcp`: the tools of this box for a coding agent, over the Model Context Protocol."""

from __future__ import annotations

import click

from p2claw.cli.output import json_option
from p2claw.errors import UsageError
from p2claw.extras import install_command

_EXAMPLE = """
\b
Examples:
  p2claw mcp
  p2claw mcp --read-only
  p2claw mcp --json                      what there is, and how to configure it
  claude mcp add p2claw -- p2claw mcp

\b
Exit codes: 0 the coding agent has ended it, 2 the package `mcp` is not installed.
"""


@click.command(epilog=_EXAMPLE)
@click.option("--read-only", is_flag=True, help="Only look: neither expose, unexpose nor invite.")
@json_option
def mcp(read_only: bool, as_json: bool) -> None:
    """Serve the tools of this box on standard input and output, for a coding agent to start.

    It can expose an app and see what a visitor sees of it, list and unexpose apps, invite, and
    find out what is wrong. Each tool is a verb of this program, with its --json. It needs the
    package `mcp`; without it, this names the command that installs it. With --json it serves
    nothing and lists the tools.
    """
    # Not before it is wanted: `--help` needs no SDK.
    try:
        from p2claw.cli.mcp_server.tools import described, server
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "mcp":
            raise
        raise UsageError(
            "The package `mcp` is not installed",
            code="mcp-missing",
            hint=f"Install it: {install_command('mcp')}",
        ) from None
    if as_json:
        from p2claw.cli.output import print_json

        print_json(described(read_only=read_only))
        return
    server(read_only=read_only).run("stdio")
