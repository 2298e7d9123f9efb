"""`p2claw run`: runs the agent of this box until a signal ends it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import click

from p2claw import log
from p2claw.agent.home.choice import Choice, choose
from p2claw.agent.home.coordinators import CoordinatorFile
from p2claw.cli.completing import coordinators
from p2claw.cli.config.option import config_option, origin
from p2claw.cli.descriptors import allow_many_sockets
from p2claw.cli.log_options import log_options
from p2claw.cli.output import json_option, print_facts, print_json, print_note
from p2claw.cli.worker_count import WorkerCount
from p2claw.config import AgentConfig, AgentLimits, PublicAddress
from p2claw.garbage import look_rarely
from p2claw.units import MB

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
    shell_complete=coordinators,
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
    type=WorkerCount(),
    default=1,
    show_default=True,
    help="How many processes serve visitors, at most one for each core; auto is one for each.",
)
@click.option(
    "--udp-port",
    envvar="P2CLAW_UDP_PORT",
    type=int,
    default=0,
    show_default=True,
    help="The UDP port of all links; 0 is any. On macOS each further worker has the next one.",
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
    "--map-ports/--no-map-ports",
    envvar="P2CLAW_MAP_PORTS",
    default=False,
    show_default=True,
    help="Have the router forward the UDP port of all links to this box, by UPnP.",
)
@click.option(
    "--relayed-mb-per-visit",
    envvar="P2CLAW_RELAYED_MB_PER_VISIT",
    type=click.IntRange(0, 1_000_000_000),
    default=0,
    show_default=True,
    help="How many megabytes of a visit may go through a relay; 0 is any number.",
)
@click.option(
    "--relayed-mb-per-day",
    envvar="P2CLAW_RELAYED_MB_PER_DAY",
    type=click.IntRange(0, 1_000_000_000),
    default=0,
    show_default=True,
    help="The same of all visits within a day of UTC.",
)
@click.option(
    "--metrics",
    envvar="P2CLAW_METRICS",
    default="",
    metavar="HOST:PORT",
    help="Where Prometheus reads figures, such as 127.0.0.1:9464.  [default: nowhere]",
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
@config_option("agent")
@json_option
@click.pass_context
def run(
    context: click.Context,
    /,
    log_level: str,
    log_format: str,
    as_json: bool,
    **_: object,
) -> None:
    """Run the agent of this box: register, admit visitors, forward their requests.

    Its key, routes and socket are in P2CLAW_HOME (~/.p2claw). The key is made at the first run and
    is the box's identity: its alias stays as long as the key does. It registers with the
    coordinator that was joined (p2claw join). Another one has to be named; the first one that
    accepts this box is remembered.
    """
    choice = choice_of(context)
    config = agent_config(context.params, choice)
    log.configure(level=log_level, form=log_format)
    if choice.elsewhere:
        print_note(
            f"this box has joined {choice.joined}; it is at {choice.url} this time only, "
            f"and `p2claw join {choice.url}` would keep that"
        )
    import uvloop  # only here, as the next: what looks at options loads no data plane

    allow_many_sockets()
    uvloop.run(_run(config, as_json))


async def _run(config: AgentConfig, as_json: bool) -> None:
    from p2claw.agent.daemon.agent import Agent, run_agent
    from p2claw.agent.daemon.handover import Heirloom
    from p2claw.cli.supervisor import supervised

    async with supervised() as supervisor:

        def ready(agent: Agent) -> None:
            look_rarely()
            _print(agent.status(), config, agent.metrics_url, as_json)
            supervisor.ready()

        environ = supervisor.environ
        heirloom = None if environ is None else Heirloom(environ, supervisor.is_main)
        await run_agent(config, ready, supervisor.stopping, heirloom)


def agent_config(options: Mapping[str, Any], choice: Choice) -> AgentConfig:
    """The settings of an agent. options: by the names of the parameters. Raises UsageError."""
    limits = AgentLimits()
    upstream = replace(limits.upstream, head_s=options["head_timeout"])
    return AgentConfig(
        coordinator=choice.url,
        remember=choice.remember,
        invite=choice.joined.invite_of(choice.url),
        limits=replace(
            limits,
            links=options["links"],
            relayed_bytes_per_visit=options["relayed_mb_per_visit"] * MB,
            relayed_bytes_per_day=options["relayed_mb_per_day"] * MB,
            upstream=upstream,
        ),
        workers=options["workers"],
        udp_port=options["udp_port"],
        public_addresses=tuple(map(PublicAddress.parse, options["public_addresses"])),
        map_ports=options["map_ports"],
        metrics=options["metrics"],
    )


def choice_of(context: click.Context) -> Choice:
    """Where the box registers. Raises UsageError."""
    joined = CoordinatorFile(AgentConfig().coordinators_path).load()
    source, which = origin(context, "coordinator")
    return choose(
        joined, context.params["coordinator"], setting="" if source == "option" else which
    )


def _print(status: Mapping[str, Any], config: AgentConfig, metrics_url: str, as_json: bool) -> None:
    """One line once the local API responds, for whoever started this."""
    facts = {
        "pid": status["pid"],
        "home": str(config.home),
        "socket": str(config.socket_path),
        "peer_id": status["peer_id"],
        "coordinator": config.coordinator,
        "apps": [route["app"] for route in status["apps"]],
        "metrics": metrics_url or None,
    }
    if as_json:
        print_json(facts)
    else:
        shown = [(name, facts[name]) for name in ("home", "socket", "peer_id", "coordinator")]
        shown += [("metrics", metrics_url)] if metrics_url else []
        print_facts([*shown, ("apps", ", ".join(facts["apps"]) or "none yet")])
    sys.stdout.flush()
