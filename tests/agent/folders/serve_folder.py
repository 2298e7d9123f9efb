"""A process that serves a folder to which may be added, on a socket: to be killed.

python -m tests.agent.folders.serve_folder FOLDER HOME SOCKET
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from p2claw.agent.folders.serving import Folders
from p2claw.agent.upstream.address import parse_upstream


async def serve(folder: str, home: str, socket: str) -> None:
    address = replace(parse_upstream(f"folder:{folder}"), writable="add")
    server = Folders(Path(home))._server(address)
    listening = await asyncio.get_running_loop().create_unix_server(server, socket)
    await listening.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
