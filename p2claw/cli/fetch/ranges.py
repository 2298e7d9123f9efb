"""A file by several ranges at once (`--parallel`), each over a link of its own.

A second link is opened, and one after the other, as long as that makes it faster: over one line it
does not, unless the line loses packets or one path is slow.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from p2claw.cli.fetch.part import Notes, Part, Span
from p2claw.errors import LinkError
from p2claw.units import MIB
from p2claw.visitor import Response, Visitor
from p2claw.visitor.rest import content_range

SEGMENT_BYTES = 8 * MIB

# How long the rate is looked at before another link is opened, and how much faster it has to be.
LOOK_S = 2.0
FASTER = 1.1

Fields = tuple[tuple[str, str], ...]


class Ranges:
    """One download. fields: of each request. opened: opens one more link to the same app.

    received: called with the bytes of each piece.
    """

    def __init__(
        self,
        part: Part,
        notes: Notes,
        fields: Fields,
        opened: Callable[[], Awaitable[Visitor]],
        received: Callable[[int], None],
    ) -> None:
        self._part = part
        self._notes = notes
        self._fields = fields
        self._opened = opened
        self._received = received
        self._left: deque[Span] = deque()
        self._working: set[asyncio.Task[None]] = set()
        self._moved = 0
        self.links = 1

    async def run(self, visitor: Visitor, first: Response, most_links: int) -> None:
        """first: has the first missing range, alone or at the beginning of the whole.

        Raises as a response does; what has come is in the notes.
        """
        self._left.extend(self._notes.missing(SEGMENT_BYTES))
        begin = self._left.popleft()
        extra: list[Visitor] = []
        try:
            async with asyncio.TaskGroup() as group:
                growing = group.create_task(self._grow(group, extra, most_links))
                self._begin(group, growing, visitor, begin, first)
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        finally:
            self._part.note(self._notes)
            for one in extra:
                await one.close()

    async def _grow(self, group: asyncio.TaskGroup, extra: list[Visitor], most_links: int) -> None:
        before = 0.0
        while self._left and self.links < most_links:
            moved = self._moved
            await asyncio.sleep(LOOK_S)
            rate = (self._moved - moved) / LOOK_S
            if rate < before * FASTER or not self._left:
                return
            before = rate
            another = await self._opened()
            extra.append(another)
            self.links += 1
            growing = asyncio.current_task()
            assert growing is not None
            self._begin(group, growing, another, None, None)

    def _begin(
        self,
        group: asyncio.TaskGroup,
        growing: asyncio.Task[None],
        visitor: Visitor,
        span: Span | None,
        response: Response | None,
    ) -> None:
        """Work on one more link. Once nobody works any more, none is added."""
        working = group.create_task(self._work(visitor, span, response))
        self._working.add(working)

        def over(task: asyncio.Task[None]) -> None:
            self._working.discard(task)
            if not self._working:
                growing.cancel()

        working.add_done_callback(over)

    async def _work(self, visitor: Visitor, span: Span | None, response: Response | None) -> None:
        while True:
            if span is None or response is None:
                if not self._left:
                    return
                span = self._left.popleft()
                response = await visitor.request(
                    "GET", visitor.target, fields=(*self._fields, *asked(span, self._notes))
                )
            async with response:
                await self._receive(span, response)
            span = response = None

    async def _receive(self, span: Span, response: Response) -> None:
        is_whole = response.status == 200 and span[0] == 0 and self._moved == 0
        if not is_whole and content_range(response) != (span[0], span[1] - 1):
            raise LinkError(
                "what the app has now is not the rest of what has come",
                code="response-changed",
                hint="Ask for it again, without -C",
            )
        at = span[0]
        try:
            async for piece in response:
                self._part.write(at, piece[: span[1] - at])
                at += len(piece)
                self._moved += len(piece)
                self._received(len(piece))
                if at >= span[1]:
                    break
        finally:
            self._notes.add((span[0], min(at, span[1])))
        if at < span[1]:
            raise LinkError("a range ended early", code="response-short", hint="Ask again with -C")
        self._part.note(self._notes)


def asked(span: Span, notes: Notes) -> Fields:
    """The fields that ask for a range of what is known."""
    fields = (("range", f"bytes={span[0]}-{span[1] - 1}"),)
    return (*fields, ("if-range", notes.validator)) if notes.validator else fields
