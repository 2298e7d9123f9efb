"""That a box has one owner: in what Redis has of it, and in what the nodes have connected."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable

import aiohttp
import redis.asyncio
from redis.exceptions import RedisError

from p2claw.coord.bus.scripts import box_key
from tests.cluster.boxes import Box
from tests.cluster.scene import METRICS_PORT, Scene
from tests.cluster.visits import Visits
from tests.support.watched_redis import PORTS

_EVERY_S = 0.5
_REPLY_S = 1.0


class Owners:
    """wrong: what must not happen. looks: how many entries were looked at."""

    def __init__(self, scene: Scene, boxes: list[Box], visits: Visits) -> None:
        self.wrong: list[str] = []
        self.looks = 0
        self._scene = scene
        self._boxes = boxes
        self._visits = visits
        self._clients = [
            redis.asyncio.Redis(
                host=scene.rd.address, port=port, socket_timeout=_REPLY_S, decode_responses=True
            )
            for port in PORTS
        ]
        # By box and fencing token, of master and replica alike.
        self._owners: dict[tuple[int, int], str] = {}

    async def run(self) -> None:
        """Look all the time, until cancelled: a token is one node's, for ever."""
        while True:
            await asyncio.sleep(_EVERY_S)
            for client in self._clients:
                for box, (node, token) in (await self._entries(client)).items():
                    if self._owners.setdefault((box, token), node) != node:
                        self.wrong.append(f"box {box}: two nodes have it by token {token}")

    async def settled(self) -> None:
        """Return when Redis and the nodes agree with each box where it is, and nobody has more."""
        while True:
            why = await self._disagreement()
            if not why:
                return
            await asyncio.sleep(_EVERY_S)

    async def _disagreement(self) -> str:
        """Empty if there is none."""
        master = await asyncio.to_thread(self._scene.rd.master)
        entries = await self._entries(self._clients[master])
        online = [box for box in self._boxes if box.online]
        for box in online:
            node, _ = entries.get(box.number, ("", 0))
            if self._visits.names_of_nodes.get(node) != box.node:
                return f"box {box.number} is at {box.node}, and Redis has it at {node}"
        held = [await self._held(place.address) for place in self._scene.places]
        if sum(held) != len(online):
            return f"{len(online)} boxes are online, and nodes have {held}"
        return ""

    async def why_not(self) -> str:
        """What `settled` is waiting for."""
        return await self._disagreement()

    async def _entries(self, client: redis.asyncio.Redis) -> dict[int, tuple[str, int]]:
        """Of each box that has one: node and token."""
        known = [box for box in self._boxes if box.alias]
        try:
            pipe = client.pipeline(transaction=False)
            for box in known:
                pipe.hmget(box_key(box.key_alias), "n", "t")
            found = await pipe.execute()
        except (RedisError, OSError):
            return {}
        self.looks += len(found)
        return {
            box.number: (node, int(token))
            for box, (node, token) in zip(known, found, strict=True)
            if node
        }

    async def _held(self, address: str) -> int:
        """How many boxes are connected to a node."""
        url = f"http://{address}:{METRICS_PORT}/metrics"
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            timeout = aiohttp.ClientTimeout(total=_REPLY_S)
            async with aiohttp.ClientSession(timeout=timeout) as http, http.get(url) as response:
                found = _ONLINE(await response.text())
                if found is not None:
                    return int(float(found[1]))
        return -1


_ONLINE: Callable[[str], re.Match[str] | None] = re.compile(
    r"^p2claw_boxes_online(?:\{[^}]*\})? (\S+)$", re.MULTILINE
).search
