"""Asks the relays that a server's options name for an address each, as a visit does: a program.

    python -m tests.cli.setup.allocating /etc/p2claw/p2claw.toml KEY_ALIAS [URL …]

KEY_ALIAS is of the box for which it counts. URL: instead of those that are named there.
Prints a line of JSON: URL, and the address that relays; an error is one of the process.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import tomllib
from pathlib import Path

from p2claw.config import ServerConfig
from p2claw.coord.ice import ice_servers
from p2claw.link.ice.lending import lent_by
from p2claw.link.ice.servers import read_servers

WAIT_S = 20.0


async def main(path: Path, account: str, *urls: str) -> dict[str, str]:
    options = tomllib.loads(path.read_text())["server"]
    secret = (path.parent / options["turn-secret-file"]).read_text().strip()
    config = ServerConfig(turn_urls=urls or tuple(options["turn"]), turn_secret=secret)
    found = {}
    servers = ice_servers(
        *(config, "test", int(time.time())), account=account, turn_urls=config.turn_urls
    )
    for server in read_servers(servers).turn:
        way = "tls" if server.tls else server.transport
        async with asyncio.timeout(WAIT_S):
            found[f"{way}:{server.host}:{server.port}"] = await lent_by(server)
    return found


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:]))))
