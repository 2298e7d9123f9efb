"""`p2claw doctor`: runs every check and prints one line for each; the exit code shows whether all
passed.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from p2claw.cli.agent_client import AgentClient
from p2claw.cli.config.option import file_option
from p2claw.cli.doctor.finding import Finding, Level
from p2claw.cli.doctor.home import check_config, check_home, check_joined, check_key, check_routes
from p2claw.cli.doctor.installation import check_bootstrap, check_codec, check_python
from p2claw.cli.exit_codes import FAILED
from p2claw.cli.output import json_option, print_json
from p2claw.config import AgentConfig

_EXAMPLE = """
\b
Examples:
  p2claw doctor
  p2claw doctor --coordinator https://example.org --stun stun:stun.example.org:3478 --json
  p2claw doctor https://dog-purplecrab.example.org/      as a visitor, from any machine

\b
Exit codes: 0 nothing failed, 1 something did.
"""

_COLOURS = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "red"}


@click.command(epilog=_EXAMPLE)
@click.argument("url", required=False)
@click.option(
    "--coordinator",
    envvar="P2CLAW_COORDINATOR",
    help="The coordinator to try.  [default: the agent's; else the one that was joined]",
)
@click.option(
    "--stun",
    envvar="P2CLAW_STUN",
    multiple=True,
    help="A server to ask, as stun:host:port, beside those that the coordinator names.",
)
@click.option(
    "--edge", envvar="P2CLAW_EDGE", help="With URL: connect there instead of to the URL's host."
)
@click.option("--key", help="With URL: the peer id that the box must have.")
@click.option(
    "--browser-side",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With URL: compare what the server sends to browsers with this list of a release.",
)
@file_option
@json_option
def doctor(
    url: str | None,
    coordinator: str | None,
    stun: tuple[str, ...],
    edge: str | None,
    key: str | None,
    browser_side: Path | None,
    config_file: Path | None,
    as_json: bool,
) -> int:
    """Find out what keeps p2claw from working, and what to do about it.

    Without URL it looks at this box: the installation, the agent's home, its key and apps, the
    network and the NAT in front, the coordinator and its clock; and it visits an app of this box as
    a visitor would. With the URL of an app it visits that, from wherever it runs, and shows what
    each step took, and whether the server sends browsers the files of this version.
    """
    if url is not None:
        findings = asyncio.run(_visit(url, edge, key, browser_side, show=not as_json))
    else:
        findings = asyncio.run(_examine(coordinator, stun, config_file))
    failed = any(finding.level is Level.FAIL for finding in findings)
    if as_json:
        checks = [finding.facts() for finding in findings]
        print_json({"ok": not failed, "checks": checks})
    elif url is None:
        for finding in findings:
            _print(finding)
    return FAILED if failed else 0


async def _visit(
    url: str, edge: str | None, key: str | None, browser_side: Path | None, *, show: bool
) -> list[Finding]:
    """show: each as it is made."""
    from p2claw.cli.doctor import outside

    findings = []
    async for finding in outside.examine(url, edge=edge, key=key, browser_side=browser_side):
        findings.append(finding)
        if show:
            _print(finding)
    return findings


async def _examine(
    coordinator: str | None, stun: tuple[str, ...], config_file: Path | None
) -> list[Finding]:
    config = AgentConfig()
    findings = [check_python(), check_codec()]
    if findings[-1].level is Level.FAIL:
        return findings  # nothing of the rest can even be loaded
    from p2claw.cli.doctor import network, relays, visiting
    from p2claw.cli.doctor.installation import check_aioice, check_data_plane

    agent, status = visiting.check_agent(AgentClient(config.socket_path))
    joined, usual = check_joined(config, status["coordinator"]["url"] if status else None)
    file, written = check_config(config_file)
    url = coordinator or (status["coordinator"]["url"] if status else written or usual)
    return [
        *findings,
        await check_aioice(),
        check_data_plane(),
        check_bootstrap(),
        check_home(config),
        *([file] if file else []),
        check_key(config),
        *check_routes(config),
        *await network.check_udp(),
        network.check_buffers(),
        agent,
        joined,
        *(await network.check_coordinator(url) if url else []),
        *await relays.check_turn_key(config_file),
        *await visiting.check_ice_servers(status, stun),
        *(await visiting.check_visit(status) if status else []),
        *(visiting.check_ports(status) if status else []),
        *(visiting.check_notices(status) if status else []),
    ]


def _print(finding: Finding) -> None:
    level = click.style(f"{finding.level:4}", fg=_COLOURS[finding.level])
    took = "" if finding.took_ms is None else f", {finding.took_ms:.0f} ms"
    click.echo(f"{level}  {finding.check:12}  {finding.text}{took}")
    if finding.advice:
        click.echo(f"      {'':12}  {finding.advice}")
