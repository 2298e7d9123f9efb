"""Visits through the balancer at a rate, and what each led to. Whoever is asked to comes again."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from typing import Any

import aiohttp

from bench.coord.light_agent import APP
from p2claw.coord.nodes.relayed_posts import NODE_CHARS
from p2claw.wire.signalling import IceServer, Introduced, decode_visit
from tests.cluster.boxes import Box
from tests.cluster.scene import FRONT, NODE_FIELD

# A page asks for so long before it shows that something is wrong for good.
MOST_S = 60.0
_POST_S = 30.0
# What a box knows of itself and what is written of it may differ for so long.
_LAG_S = 1.0
_AGAIN = ("going-down", "box-silent", "box-offline", "box-busy", "rate-limited")
_OFFER = {"t": "offer", "sdp": "v=0\r\n"}


class Visits:
    """codes: how often each came, `answered` for an answer. failed: when one that failed began and
    ended. waits_s: of those that came to an answer after something else, with when. lost: of boxes
    that were online, given up after all. wrong: what must not happen.

    ice_servers: of the last introduction. names_of_nodes: of the balancer, by those of the bus.
    """

    def __init__(self, boxes: list[Box], seed: int) -> None:
        self.codes: Counter[str] = Counter()
        self.failed: list[tuple[float, float]] = []
        self.waits_s: list[tuple[float, float]] = []
        self.lost = 0
        self.wrong: list[str] = []
        self.ice_servers: tuple[IceServer, ...] = ()
        self.introduced_at = 0.0
        self.names_of_nodes: dict[str, str] = {}
        self._boxes = boxes
        self._chance = random.Random(seed)
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self, per_s: float) -> None:
        """Begin visits at a rate, until cancelled."""
        timeout = aiohttp.ClientTimeout(total=_POST_S)
        connector = aiohttp.TCPConnector(limit=0)
        try:
            async with aiohttp.ClientSession(timeout=timeout, connector=connector) as http:
                while True:
                    known = [box for box in self._boxes if box.alias]
                    if known:
                        task = asyncio.create_task(self._visit(http, self._chance.choice(known)))
                        self._under_way.add(task)
                        task.add_done_callback(self._under_way.discard)
                    await asyncio.sleep(1 / per_s)
        finally:
            for task in self._under_way:
                task.cancel()

    async def served(self) -> None:
        """Visit every box that was let in, each until it answers."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_POST_S)) as http:
            for box in [box for box in self._boxes if box.alias]:
                while await self._once(http, box):  # noqa: ASYNC110 - it has no event
                    await asyncio.sleep(0.2)

    async def _visit(self, http: aiohttp.ClientSession, box: Box) -> None:
        began, first = time.monotonic(), True
        while code := await self._once(http, box):
            first = False
            if time.monotonic() - began > MOST_S:
                if box.was_online(began, time.monotonic()):
                    self.lost += 1
                    self.wrong.append(f"box {box.number} was not reached for {MOST_S:g} s: {code}")
                return
            await asyncio.sleep(1.0)
        if not first:
            self.waits_s.append((time.monotonic(), time.monotonic() - began))

    async def _once(self, http: aiohttp.ClientSession, box: Box) -> str:
        """One visit until the answer: "", or the code of what came instead."""
        began = time.monotonic()
        code = await self._asked(http, box, began)
        self.codes[code or "answered"] += 1
        if code:
            self.failed.append((began, time.monotonic()))
        return code

    async def _asked(self, http: aiohttp.ClientSession, box: Box, began: float) -> str:
        number = self._chance.randrange(1, 60_000)
        fields = {"X-Test-Address": f"198.18.{number // 250}.{number % 250 + 1}"}
        url = f"http://127.0.0.1:{FRONT}/__p2claw/v1/visit"
        target = f"{url}?v=1&alias={box.alias}&app={APP}"
        body: dict[str, Any] = {"messages": [_OFFER]}
        try:
            while True:
                async with http.post(target, json=body, headers=fields) as response:
                    if response.status != 200:
                        return f"status-{response.status}"
                    node = response.headers.get(NODE_FIELD, "")
                    messages = await response.json()
                for message in messages:
                    if message["t"] == "introduced":
                        self._introduced(message, node)
                    if message["t"] == "answer":
                        if f"a=mark:{box.number}\r\n" not in message["sdp"]:
                            self.wrong.append(f"box {box.number}: another box answered")
                        return ""
                    if message["t"] == "error":
                        return await self._refused(str(message["code"]), box, began)
                    body["session"] = message.get("session", body.get("session"))
                if "session" not in body:
                    self.wrong.append(f"box {box.number}: a visit began with no reply")
                    return "empty"
                target = f"{url}/next"
                body = {"session": body["session"], "messages": [], "wait": True}
        except TimeoutError:
            return "timeout"
        except aiohttp.ClientError as error:
            return type(error).__name__

    async def _refused(self, code: str, box: Box, began: float) -> str:
        ended = time.monotonic()
        if code not in _AGAIN:
            self.wrong.append(f"box {box.number}: {code}")
        if code == "box-offline":
            await asyncio.sleep(_LAG_S)
            if box.was_online(began - _LAG_S, ended + _LAG_S):
                self.wrong.append(f"box {box.number} was called offline, and was not")
        return code

    def _introduced(self, message: dict[str, Any], node: str) -> None:
        introduced = decode_visit(json.dumps(message))
        assert isinstance(introduced, Introduced)
        self.ice_servers = introduced.ice_servers
        self.introduced_at = time.monotonic()
        # A session is named after the node where it began.
        self.names_of_nodes[introduced.session[-NODE_CHARS:]] = node
