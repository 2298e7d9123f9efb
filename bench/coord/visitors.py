"""`python -m bench.coord.visitors HOST:PORT …`: introductions at a rate, as browsers make them.

Each is a visit by posts: the offer, and then a post that waits for the answer. It begins when its
time has come, whether the ones before are done or not, at the next node in turn.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections import Counter
from typing import Any

import aiohttp
import uvloop

from bench.coord.light_agent import APP
from bench.stdio import Lines, emit, errors_emitted

_DEADLINE_S = 30.0
_SDP = "v=0\r\n" + "a=candidate:1 1 udp 2130706431 198.51.100.1 50000 typ host\r\n" * 14


class Visitors:
    """One client with kept connections."""

    def __init__(self, nodes: list[str]) -> None:
        self._nodes = nodes

    async def introduce(self, aliases: list[str], per_s: float, seconds: float) -> dict[str, Any]:
        """Introductions at a rate, evenly spread; how long each took in ms, and what failed.

        at_s: when each of these began.
        """
        rng = random.Random(1)
        took_ms: list[float] = []
        at_s: list[float] = []
        failures: Counter[str] = Counter()
        connector = aiohttp.TCPConnector(limit=0)
        timeout = aiohttp.ClientTimeout(total=_DEADLINE_S)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as http:

            async def one(number: int) -> None:
                node = self._nodes[number % len(self._nodes)]
                began = time.perf_counter()
                code = await _visit(http, f"http://{node}", rng.choice(aliases))
                if code:
                    failures[code] += 1
                else:
                    took_ms.append(1000 * (time.perf_counter() - began))
                    at_s.append(began - begin)

            begin = time.perf_counter()
            tasks = []
            for number in range(int(per_s * seconds)):
                await asyncio.sleep(max(0.0, begin + number / per_s - time.perf_counter()))
                tasks.append(asyncio.create_task(one(number)))
            await asyncio.gather(*tasks)
        return {
            "took_ms": [round(ms, 2) for ms in took_ms],
            "at_s": [round(at, 1) for at in at_s],
            "failures": failures,
        }


async def _visit(http: aiohttp.ClientSession, node: str, alias: str) -> str:
    """Until the answer; "" or the code of what failed."""
    url = f"{node}/__p2claw/v1/visit"
    body: dict[str, Any] = {"messages": [{"t": "offer", "sdp": _SDP}]}
    target, session = f"{url}?v=1&alias={alias}&app={APP}", ""
    try:
        while True:
            async with http.post(target, json=body) as response:
                for message in await response.json():
                    if message["t"] == "answer":
                        async with http.post(
                            f"{url}/next", json={"session": session, "messages": [{"t": "end"}]}
                        ) as last:
                            await last.read()
                        return ""
                    if message["t"] == "error":
                        return str(message["code"])
                    session = message.get("session", session)
            target, body = f"{url}/next", {"session": session, "messages": [], "wait": True}
    except (TimeoutError, aiohttp.ClientError) as error:
        return type(error).__name__


async def main(*nodes: str) -> None:
    lines = await Lines.open()
    visitors = Visitors(list(nodes))
    while True:
        command = await lines.next()
        with errors_emitted():
            emit(await getattr(visitors, command.pop("do"))(**command))


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
