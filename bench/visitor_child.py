"""`python -m bench.visitor_child URL EDGE`: a visitor process that GETs and times."""

from __future__ import annotations

import asyncio
import json
import sys
import time

import uvloop

from p2claw.visitor import Visitor


async def main(url: str, edge: str) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    async with await Visitor.open(url, edge=edge) as visitor:
        _say({"open": True})
        while line := await reader.readline():
            started = time.perf_counter()
            response = await visitor.request("GET", json.loads(line)["path"])
            got_bytes = 0
            async for piece in response:
                got_bytes += len(piece)
            _say(
                {
                    "status": response.status,
                    "bytes": got_bytes,
                    "seconds": time.perf_counter() - started,
                }
            )


def _say(value: object) -> None:
    print(json.dumps(value), flush=True)


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:3]))
