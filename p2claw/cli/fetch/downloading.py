"""The body of a response on its way to where it was wanted: all of it, or what is missing yet."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from p2claw.cli.fetch.part import Notes, Part
from p2claw.cli.fetch.ranges import SEGMENT_BYTES, Ranges, asked
from p2claw.cli.fetch.sink import (
    DeviceOutput,
    JsonBody,
    Measured,
    PartOutput,
    Sink,
    StandardOutput,
    sha256_of,
)
from p2claw.cli.output import bytes_text
from p2claw.errors import LinkError
from p2claw.visitor import Response, Visitor
from p2claw.visitor.rest import content_range, total_of, validator_of

Fields = tuple[tuple[str, str], ...]


class Download:
    """One try. output: None is standard output, or the JSON that is printed."""

    def __init__(self, output: Path | None, *, as_json: bool) -> None:
        self._output = output
        self._json = JsonBody() if as_json and output is None else None
        self._part: Part | None = None
        self._notes: Notes | None = None
        self._known: Notes | None = None
        self._sink: Measured | None = None
        self._ranges: Ranges | None = None
        self._in_ranges = False
        self._has_asked = False
        self._has_range = False
        self._whole: Path | None = None
        self._is_spoilt = False
        self.resumed_bytes = 0
        self.total: int | None = None

    def fields(
        self, url: str, method: str, given: Fields, *, resume: bool, parallel: int
    ) -> Fields:
        """What to ask for beside the fields that were given: a range, or nothing."""
        self.close()
        self._notes = Notes(url, "")
        self._in_ranges = False
        names = {name.lower() for name, _ in given}
        self._has_range = bool(names & {"range", "if-range"})
        if not self._is_file or method != "GET" or self._has_range:
            return ()
        asking = self._asking(url, resume=resume, parallel=parallel)
        self._has_asked = bool(asking)
        return asking

    def _asking(self, url: str, *, resume: bool, parallel: int) -> Fields:
        if resume:
            self._part = Part(self._file)
            self._known = self._part.notes(url)
        known = self._known
        if known is not None and known.total and (parallel > 1 or not known.in_order):
            first = next(iter(known.missing(SEGMENT_BYTES)), None)
            if first is not None:
                self._in_ranges = True
                return asked(first, known)
        if known is not None and known.front and known.front == known.count:
            # Of what is whole already the last byte is asked for again: whether it is the same.
            at = known.front if known.front != known.total else known.front - 1
            known.spans = [(0, at)] if at else []
            return (("range", f"bytes={at}-"), ("if-range", known.validator)) if at else ()
        self._known = None
        # Whether the app knows ranges, and names its versions, shows the response to the whole.
        self._in_ranges = parallel > 1
        return ()

    @property
    def goes_on(self) -> bool:
        """Whether there is a part that an error must not replace."""
        return self._known is not None

    def begin(self, response: Response) -> None:
        """Open where the body goes. Raises P2clawError."""
        if not self._is_file:
            self._sink = Measured(self._json or self._stream())
            self.total = total_of(response)
            return
        self._part = self._part or Part(self._file)
        known, notes = self._known, self._notes or Notes("", "")
        notes.total = self.total = total_of(response)
        # What the user asked for a part of is no beginning of the whole.
        notes.validator = "" if self._has_range else validator_of(response) or ""
        range_ = content_range(response) if self._has_asked else None
        if known is not None and range_ is not None and notes.validator == known.validator:
            notes.spans, self.resumed_bytes = known.spans, known.count
        else:
            self._part.restart()
        if self._in_ranges and self._fits(response, notes, range_):
            notes.in_order = False
            self._notes = notes
            self._part.note(notes)
            return
        self._in_ranges = False
        if range_ is not None and range_[0] != notes.front:
            raise LinkError(
                "The app sent another part than it was asked for",
                code="response-changed",
                hint="Ask for all of it, without -C and --parallel",
            )
        self._notes = notes
        self._sink = Measured(PartOutput(self._part, notes))

    def _fits(self, response: Response, notes: Notes, range_: tuple[int, int] | None) -> bool:
        """Whether the rest can be had in parts, of which this response is the first or has it."""
        rest = next(iter(notes.missing(SEGMENT_BYTES)), None) if notes.total else None
        if rest is None or not notes.validator:
            return False
        if range_ is not None:
            return range_ == (rest[0], rest[1] - 1)
        knows = response.field("accept-ranges") == "bytes"
        return response.status == 200 and knows and (notes.total or 0) > SEGMENT_BYTES

    async def receive(
        self,
        visitor: Visitor,
        response: Response,
        received: Callable[[int], None],
        fields: Fields,
        another: Callable[[], Awaitable[Visitor]],
        parallel: int,
    ) -> None:
        """Write all of it. Raises as a response does."""
        if self._in_ranges:
            assert self._part is not None and self._notes is not None
            self._ranges = Ranges(self._part, self._notes, fields, another, received)
            await self._ranges.run(visitor, response, parallel)
            return
        assert self._sink is not None
        async for piece in response:
            await self._sink.write(piece)
            received(len(piece))

    def finish(self) -> None:
        """It is whole. Raises P2clawError."""
        if self._sink is not None:
            self._sink.finish()
        elif self._part is not None:
            self._part.finish()
        self._whole = self._output if self._is_file else None
        self._part = None

    def keep(self) -> str:
        """It does not come to its end; what to tell about what has come."""
        part, notes = self._part, self._notes
        if self._sink is not None:
            self._sink.keep()
        elif part is not None:
            part.keep()
        self._part = None
        self._is_spoilt = not self._is_file and self.count > 0 and self._json is None
        if part is None or notes is None or not notes.count:
            return ""
        of = "" if notes.total is None else f" of {bytes_text(notes.total)}"
        how = (
            "-C goes on with it" if notes.validator else "it cannot go on: the app names no version"
        )
        return f"{bytes_text(notes.count)}{of} stay in {part.path}; {how}"

    @property
    def is_spoilt(self) -> bool:
        """Whether something was printed already, which another try would print again."""
        return self._is_spoilt

    @property
    def count(self) -> int:
        """Bytes of the body, with those of the part."""
        if self._sink is not None:
            return self.resumed_bytes + self._sink.count
        return self._notes.count if self._notes is not None else 0

    @property
    def links(self) -> int:
        return self._ranges.links if self._ranges is not None else 1

    @property
    def text(self) -> str | None:
        """The body, if it was to be in the JSON and is short and text."""
        return self._json.text if self._json else None

    async def sha256(self) -> str:
        """Of all of the body."""
        if self._sink is not None and not self.resumed_bytes:
            return self._sink.sha256
        assert self._whole is not None
        return await asyncio.to_thread(sha256_of, self._whole)

    @property
    def _is_file(self) -> bool:
        return self._output is not None and (not self._output.exists() or self._output.is_file())

    @property
    def _file(self) -> Path:
        assert self._output is not None
        return self._output

    def _stream(self) -> Sink:
        return StandardOutput() if self._output is None else DeviceOutput(self._output)

    def close(self) -> None:
        """Let go of the part, if it is held yet."""
        if self._part is not None:
            self._part.keep() if self._part.size else self._part.drop()
        self._part = self._known = None
