"""Measures an app over one link: first byte, small requests, rate down and up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any

from p2claw.errors import P2clawError, StreamResetError
from p2claw.units import MIB
from p2claw.visitor import Response, Visitor
from p2claw.visitor.visitor import WINDOW_BYTES

# The first second is the start of the controller, and no rate.
WARM_S = 1.0
SAMPLE_S = 0.25

FIRST_BYTES = 20
SMALL_AT_ONCE = 16
DOWN_AT_ONCE = 4
UP_AT_ONCE = 2
UP_BYTES = 8 * MIB
_PIECE = bytes(256 * 1024)

Fields = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Rate:
    """A rate. bytes_per_s: after the start. samples: bytes per second, one for each SAMPLE_S.

    transfers: how many came to their end. moved: bytes in all.
    """

    bytes_per_s: float = 0.0
    moved: int = 0
    transfers: int = 0
    samples: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Small:
    """Small requests, some at once. statuses: of the responses, and how many of each."""

    per_s: float = 0.0
    at_once: int = SMALL_AT_ONCE
    statuses: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class PathFacts:
    """What the link knows of its path. rtt_s: by its checks, the least one that was seen.

    window_bytes_per_s: no single transfer is faster over this round trip. sends_bytes_per_s: what
    the controller of this side thinks of the way up; 0: nothing was sent yet. lost: share of what
    was sent again, on the way up.
    """

    kind: str
    rtt_s: float | None
    window_bytes_per_s: float | None
    sends_bytes_per_s: float
    lost: float


class Bench:
    """One link, and what is asked over it. fields: of every request."""

    def __init__(self, visitor: Visitor, fields: Fields) -> None:
        self._visitor = visitor
        self._fields = fields
        self._rtts: list[float] = []

    async def first_bytes(self) -> list[float]:
        """Seconds from a request to the head of its response, one after the other."""
        took: list[float] = []
        for _ in range(FIRST_BYTES):
            began = time.monotonic()
            response = await self._ask("GET", self._visitor.target, (("range", "bytes=0-0"),))
            took.append(time.monotonic() - began)
            await response.close()
            # 416: there is no first byte.
            if response.status >= 400 and response.status != 416:
                raise _refused(response)
            self._look()
        return took

    async def small(self, for_s: float) -> Small:
        """HEAD requests, some at once, for some seconds."""
        found = Small()
        until = time.monotonic() + for_s
        began = time.monotonic()

        async def work() -> None:
            while time.monotonic() < until:
                async with await self._ask("HEAD", self._visitor.target) as response:
                    found.statuses[response.status] = found.statuses.get(response.status, 0) + 1

        await _all(work() for _ in range(SMALL_AT_ONCE))
        found.per_s = sum(found.statuses.values()) / (time.monotonic() - began)
        return found

    async def down(self, for_s: float) -> Rate:
        """The URL itself, again and again, some at once."""

        async def work(rate: Rate, until: float) -> None:
            while time.monotonic() < until:
                async with await self._ask("GET", self._visitor.target) as response:
                    if response.status >= 400:
                        raise _refused(response)
                    async for piece in response:
                        rate.moved += len(piece)
                        if time.monotonic() >= until:
                            return
                rate.transfers += 1

        return await self._rate(work, DOWN_AT_ONCE, for_s)

    async def up(self, target: str, for_s: float) -> Rate:
        """Bodies of UP_BYTES by POST to target, some at once."""

        async def work(rate: Rate, until: float) -> None:
            async def body() -> Any:
                for _ in range(UP_BYTES // len(_PIECE)):
                    if time.monotonic() >= until:
                        raise _EnoughError
                    yield _PIECE
                    rate.moved += len(_PIECE)

            while time.monotonic() < until:
                fields = (
                    ("content-type", "application/octet-stream"),
                    ("content-length", str(UP_BYTES)),
                )
                try:
                    async with await self._ask("POST", target, fields, body()) as response:
                        if response.status >= 400:
                            raise _refused(response)
                        async for _ in response:
                            pass
                except (_EnoughError, StreamResetError):
                    # What the end of the time breaks off may be seen as a reset, too.
                    if time.monotonic() < until:
                        raise
                    return
                rate.transfers += 1

        return await self._rate(work, UP_AT_ONCE, for_s)

    def path(self) -> PathFacts:
        """What the link knows by now."""
        self._look()
        stats = self._visitor.stats()
        rtt_s = min(self._rtts) if self._rtts else None
        plane = stats.plane
        sent = plane["chunks_out"] if plane is not None else 0
        return PathFacts(
            kind=str(stats.path),
            rtt_s=rtt_s,
            window_bytes_per_s=WINDOW_BYTES / rtt_s if rtt_s else None,
            sends_bytes_per_s=plane["pacing_bytes_per_s"] if plane is not None else 0.0,
            lost=plane["retransmits"] / sent if plane is not None and sent else 0.0,
        )

    async def _ask(
        self, method: str, target: str, fields: Fields = (), body: Any = None
    ) -> Response:
        return await self._visitor.request(
            method, target, fields=(*self._fields, *fields), body=body
        )

    async def _rate(
        self,
        work: Callable[[Rate, float], Coroutine[Any, Any, None]],
        at_once: int,
        for_s: float,
    ) -> Rate:
        rate = Rate()
        began = time.monotonic()
        until = began + WARM_S + for_s
        looking = asyncio.create_task(self._sample(rate))
        try:
            await _all(work(rate, until) for _ in range(at_once))
        finally:
            looking.cancel()
            await asyncio.wait({looking})
        warm = rate.samples[round(WARM_S / SAMPLE_S) :]
        took_s = time.monotonic() - began
        rate.bytes_per_s = sum(warm) / len(warm) if warm else rate.moved / max(took_s, 0.001)
        return rate

    async def _sample(self, rate: Rate) -> None:
        before, at = 0, time.monotonic()
        while True:
            await asyncio.sleep(SAMPLE_S)
            now = time.monotonic()
            rate.samples.append((rate.moved - before) / (now - at))
            before, at = rate.moved, now
            self._look()

    def _look(self) -> None:
        rtt_s = self._visitor.stats().rtt_s
        if rtt_s:
            self._rtts.append(rtt_s)


class _EnoughError(Exception):
    """The time of a measurement is over."""


async def _all(works: Iterator[Coroutine[Any, Any, None]]) -> None:
    """Run them together; the first error ends all."""
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None


def _refused(response: Response) -> P2clawError:
    return P2clawError(
        f"The app responded with {response.status}",
        code="http-error",
        hint="Give the URL of something that it serves, and --up a path that reads uploads",
    )
