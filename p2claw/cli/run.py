"""`p2claw run`: runs the agent of this box until a signal ends it."""

from __future__ import annotations

import sys
from dataclasses import replace

import click
import uvloop
from click.core import ParameterSource

from p2claw import log
from p2claw.agent.daemon import Agent, run_agent
from p2claw.agent.home.choice import choose
from p2claw.agent.home.coordinators import CoordinatorFile
from p2claw.cli.descriptors import allow_many_sockets
from p2claw.cli.log_options import log_options
from p2claw.cli.output import json_option, print_facts, print_json, print_note
from p2claw.config import AgentConfig, AgentLimits, PublicAddress

_EPILOG = """
\b
Examples:
  p2claw run
  p2claw run --at https://apps.example.org
  P2CLAW_HOME=/srv/box2 p2claw run

\b
Signals: SIGHUP reads the routes again; SIGTERM and Ctrl-C let open requests
finish first, a second one does not.
Exit codes: 0 stopped by a signal, 1 a file of the home is damaged, 2 wrong
usage, no coordinator joined, or another agent runs from the same home.
"""


@click.command(epilog=_EPILOG)
@click.option(
    "--coordinator",
    "--at",
    envvar="P2CLAW_COORDINATOR",
    metavar="URL",
    help="Where to register this time.  [default: where this box has joined]",
)
@click.option(
    "--links",
    envvar="P2CLAW_LINKS",
    type=click.IntRange(1, 10_000),
    default=AgentLimits().links,
    show_default=True,
    help="How many visitors may be linked at once.",
)
@click.option(
    "--workers",
    envvar="P2CLAW_WORKERS",
    type=int,
    default=1,
    show_default=True,
    help="How many processes answer visitors, at most one for each core.",
)
@click.option(
    "--udp-port",
    envvar="P2CLAW_UDP_PORT",
    type=int,
    default=0,
    show_default=True,
    help="The UDP port of all links; 0 is any. Each further worker has the next one.",
)
@click.option(
    "--public-address",
    "public_addresses",
    envvar="P2CLAW_PUBLIC_ADDRESS",
    multiple=True,
    metavar="ADDRESS[:PORT]",
    help="Where visitors reach this box though the address is none of its own; repeatable.",
)
@click.option(
    "--head-timeout",
    envvar="P2CLAW_HEAD_TIMEOUT",
    type=click.FloatRange(min=0, min_open=True),
    default=AgentLimits().upstream.head_s,
    show_default=True,
    metavar="SECONDS",
    help="How long an app may take to begin its response.",
)
@log_options
@json_option
@click.pass_context
def run(
    context: click.Context,
    coordinator: str | None,
    links: int,
    workers: int,
    udp_port: int,
    public_addresses: tuple[str, ...],
    head_timeout: float,
    log_level: str,
    log_format: str,
    as_json: bool,
) -> None:
    """Run the agent of this box: register, answer visitors, forward their requests.

    Its key, routes and socket are in P2CLAW_HOME (~/.p2claw). The key is made at the first run and
    is the box's identity: its alias stays as long as the key does. It registers with the
    coordinator that was joined (p2claw join). Another one has to be named; the first one that
    accepts this box is remembered.
    """
    home = AgentConfig()
    joined = CoordinatorFile(home.coordinators_path).load()
    choice = choose(joined, coordinator, setting=_setting(context))
    limits = AgentLimits()
    limits = replace(limits, links=links, upstream=replace(limits.upstream, head_s=head_timeout))
    config = AgentConfig(
        coordinator=choice.url,
        remember=choice.remember,
        limits=limits,
        workers=workers,
        udp_port=udp_port,
        public_addresses=tuple(PublicAddress.parse(text) for text in public_addresses),
    )
    log.configure(level=log_level, form=log_format)
    if choice.elsewhere:
        print_note(
            f"this box has joined {joined}; it is at {choice.url} this time only, "
            f"and `p2claw join {choice.url}` would keep that"
        )
    allow_many_sockets()
    uvloop.run(run_agent(config, lambda agent: _print(agent, config, as_json)))


def _setting(context: click.Context) -> str:
    """The standing setting that names the coordinator, or ""."""
    if context.get_parameter_source("coordinator") is ParameterSource.ENVIRONMENT:
        return "P2CLAW_COORDINATOR"
    return ""


def _print(agent: Agent, config: AgentConfig, as_json: bool) -> None:
    """One line once the local API answers, for whoever started this."""
    status = agent.status()
    facts = {
        "pid": status["pid"],
        "home": str(config.home),
        "socket": str(config.socket_path),
        "peer_id": status["peer_id"],
        "coordinator": config.coordinator,
        "apps": [route["app"] for route in status["apps"]],
    }
    if as_json:
        print_json(facts)
    else:
        shown = [(name, facts[name]) for name in ("home", "socket", "peer_id", "coordinator")]
        print_facts([*shown, ("apps", ", ".join(facts["apps"]) or "none yet")])
    sys.stdout.flush()
