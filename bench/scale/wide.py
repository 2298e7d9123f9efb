"""`python -m bench.scale.wide server|run …`: server and agent as the program runs them, wide open.

What protects both from one network would stop a thousand visitors on one machine at the door; all
else is as in `p2claw server` and `p2claw run`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import uvloop

from p2claw import log
from p2claw.agent.daemon.agent import run_agent
from p2claw.cli.descriptors import allow_many_sockets
from p2claw.cli.serving import serve
from p2claw.config import AgentConfig, AgentLimits, ServerConfig, ServerLimits, UpstreamLimits

MANY = 10_000


def main() -> None:
    parser = argparse.ArgumentParser()
    verbs = parser.add_subparsers(dest="verb", required=True)
    server = verbs.add_parser("server")
    server.add_argument("--listen", required=True)
    server.add_argument("--data", type=Path, required=True)
    run = verbs.add_parser("run")
    run.add_argument("--coordinator", required=True)
    args = parser.parse_args()
    log.configure(level="info", form="text")
    if args.verb == "server":
        limits = ServerLimits(
            visits_per_box=MANY,
            visit_burst=MANY,
            visits_per_minute=MANY,
            box_visit_burst=MANY,
            box_visits_per_minute=MANY,
        )
        config = ServerConfig(listen=args.listen, data_dir=args.data, limits=limits)
        uvloop.run(serve(config, lambda serving: None))
    else:
        upstream = UpstreamLimits(connections=MANY)
        agent = AgentLimits(links=2 * MANY, upstream=upstream)
        allow_many_sockets()
        uvloop.run(
            run_agent(AgentConfig(coordinator=args.coordinator, limits=agent), lambda _: None)
        )


if __name__ == "__main__":
    main()
