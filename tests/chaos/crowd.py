"""The visitors of a run: downloads, uploads and event streams, one after the other, until the end.

Whatever completes must be right to the byte. Whatever fails is counted by its code.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections import Counter
from collections.abc import AsyncIterator

from p2claw.errors import P2clawError, StreamResetError
from p2claw.visitor import Visitor
from p2claw.visitor.response import Response
from p2claw.wire.frames.codes import Code
from tests.chaos.addresses import come_from
from tests.chaos.scene import EVENTS, FILE, Scene

UPLOAD_BYTES = 700_000
# Above every deadline of the program: who waits longer hangs.
STUCK_S = 90.0
# Between two tries of who has failed: a page waits as long as is configured, 5 s for a box that is
# offline.
AGAIN_S = 3.0
# Between two transfers: what is tried is faults, and not what a machine can carry.
MOST_REST_S = 2.0

# Enough to be found at one place alone.
SAMPLE_BYTES = 32

KINDS = ("download", "upload", "spooled upload", "events")


class Crowd:
    """completed, failures: how many transfers, by kind and by code. wrong: what must not happen."""

    def __init__(self, scene: Scene, visitors: int, seed: int) -> None:
        self.completed: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._scene = scene
        self._visitors = visitors
        self._seed = seed
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Let all begin."""
        for number in range(self._visitors):
            chance = random.Random(f"{self._seed}/{number}")
            work = self._visit_on(number, KINDS[number % len(KINDS)], chance)
            self._tasks.append(asyncio.create_task(work))

    async def end(self) -> None:
        """All go. Raises what is a mistake of ours."""
        for task in self._tasks:
            task.cancel()
        for done in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(done, BaseException) and not isinstance(done, asyncio.CancelledError):
                raise done

    async def served(self) -> None:
        """A new visitor of each kind is served, once. Raises ExceptionGroup of what they raise."""

        async def once(kind: str) -> None:
            async with await Visitor.open(self._scene.url, edge=self._scene.stack.edge) as visitor:
                await self._transfer(visitor, kind, random.Random(self._seed))

        async with asyncio.TaskGroup() as group:
            for kind in KINDS:
                group.create_task(once(kind))

    async def _visit_on(self, number: int, kind: str, chance: random.Random) -> None:
        come_from(number)
        while True:
            try:
                async with (
                    asyncio.timeout(STUCK_S) as limit,
                    await Visitor.open(self._scene.url, edge=self._scene.stack.edge) as visitor,
                ):
                    for _ in range(chance.randint(1, 6)):
                        await self._transfer(visitor, kind, chance)
                        limit.reschedule(asyncio.get_running_loop().time() + STUCK_S)
                        await asyncio.sleep(chance.uniform(0, MOST_REST_S))
            except TimeoutError:
                self.wrong.append(f"{kind}: nothing happened for {STUCK_S:g} s")
            except P2clawError as error:
                self.failures[_code(error)] += 1
                await asyncio.sleep(chance.uniform(AGAIN_S, 2 * AGAIN_S))

    async def _transfer(self, visitor: Visitor, kind: str, chance: random.Random) -> None:
        """One transfer. Raises P2clawError; notes what is wrong."""
        if kind == "events":
            body = await _body(await visitor.request("GET", "/events"))
            expected = "".join(f"data: {number}\n\n" for number in range(EVENTS)).encode()
            came = body
        elif kind == "download":
            body = await _body(await visitor.request("GET", "/file"))
            expected, came = FILE, body
        else:
            expected = chance.randbytes(UPLOAD_BYTES)
            sent = expected if kind == "upload" else _pieces(expected)
            digest = (await _body(await visitor.request("POST", "/upload", body=sent))).decode()
            right = digest == hashlib.sha256(expected).hexdigest()
            came = expected if right else self._scene.bodies.get(digest, digest.encode())
        self.completed[kind] += 1
        if came != expected:
            self.wrong.append(f"{kind}: {difference(expected, came)}")


def difference(expected: bytes, came: bytes) -> str:
    """In words: how long both are, where they begin to differ, and where what came is from."""
    size = min(len(expected), len(came))
    at = next((at for at in range(size) if expected[at] != came[at]), size)
    sample = came[at : at + SAMPLE_BYTES]
    origin = expected.find(sample) if sample else -1
    found = f"which are those from byte {origin}" if origin >= 0 else "which are not of it"
    return f"{len(came)} of {len(expected)} bytes, others from byte {at}, {found}"


class ErrorResponse(P2clawError):
    """The box has made the response itself."""


async def _body(response: Response) -> bytes:
    body = await response.body()
    if response.error:
        raise ErrorResponse(body.decode(), code=response.error)
    if response.status != 200:
        raise P2clawError(f"status {response.status}", code=f"status-{response.status}")
    return body


async def _pieces(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 50_000):
        yield data[start : start + 50_000]


def _code(error: P2clawError) -> str:
    if isinstance(error, StreamResetError):
        return f"{error.code}/{Code(error.reset_code).name}"
    return error.code
