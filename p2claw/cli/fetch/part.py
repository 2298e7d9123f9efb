"""A file that is not whole yet: `NAME.part`, and beside it what is in it, so that it can go on.

Bytes of two versions are never put together: a part goes on only with what the app's own strong
validator names as the same (RFC 9110 §13.1.5). Without one it is kept, and cannot go on.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from p2claw.errors import P2clawError, UsageError

Span = tuple[int, int]

NOTES_BYTES = 1_048_576
# Links that fetch parts of one file at once.
MOST_LINKS = 16


@dataclass(slots=True)
class Notes:
    """What is known of a part. spans: what of it is there, in order, the ends not included.

    total: bytes of the whole; None if that is not known. in_order: it is written from its beginning
    on, so that the length of the file says what is there.
    """

    url: str
    validator: str
    total: int | None = None
    in_order: bool = True
    spans: list[Span] = field(default_factory=list)

    def add(self, span: Span) -> None:
        """These bytes are there."""
        merged: list[Span] = []
        for begin, end in sorted([*self.spans, span]):
            if merged and begin <= merged[-1][1]:
                merged[-1] = merged[-1][0], max(merged[-1][1], end)
            elif end > begin:
                merged.append((begin, end))
        self.spans = merged

    def missing(self, most_bytes: int) -> Iterable[Span]:
        """What is not there, in pieces of at most so many bytes. The total is known."""
        at = 0
        for begin, end in [*self.spans, (self.total or 0, self.total or 0)]:
            while at < begin:
                yield at, min(begin, at + most_bytes)
                at = min(begin, at + most_bytes)
            at = max(at, end)

    @property
    def front(self) -> int:
        """How many bytes are there from the beginning on."""
        return self.spans[0][1] if self.spans and self.spans[0][0] == 0 else 0

    @property
    def count(self) -> int:
        """How many bytes are there."""
        return sum(end - begin for begin, end in self.spans)


class Part:
    """The part of one file, held by one fetch at a time. Raises P2clawError `file-unwritable`,
    UsageError `file-busy` of another fetch that is at it."""

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(f"{path.name}.part")
        self._target = path
        self._notes_path = path.with_name(f"{path.name}.part.json")
        try:
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise self._failed(error) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise UsageError(
                f"Another fetch writes {self.path}",
                code="file-busy",
                hint="Wait for it, or give another name with -o",
            ) from None

    @property
    def size(self) -> int:
        return os.fstat(self._file).st_size

    def notes(self, url: str) -> Notes | None:
        """What is known of it, if it is of this URL and can go on."""
        try:
            if self._notes_path.stat().st_size > NOTES_BYTES:
                return None
            found = _read(json.loads(self._notes_path.read_bytes()))
        except (OSError, ValueError):
            return None
        if found is None or found.url != url or not found.validator:
            return None
        size = self.size
        if any(end > size for _, end in found.spans):
            return None
        if found.in_order:
            found.spans = [(0, size)] if size else []
        return found

    def restart(self) -> None:
        """Forget what is in it."""
        with suppress(OSError):
            self._notes_path.unlink()
        try:
            os.ftruncate(self._file, 0)
        except OSError as error:
            raise self._failed(error) from None

    def write(self, at: int, piece: bytes) -> None:
        view = memoryview(piece)
        try:
            while view:
                done = os.pwrite(self._file, view, at)
                view, at = view[done:], at + done
        except OSError as error:
            raise self._failed(error) from None

    def note(self, notes: Notes) -> None:
        """Write down what is known, whole or not at all."""
        fresh = self._notes_path.with_name(f"{self._notes_path.name}.new")
        facts = {
            "url": notes.url,
            "validator": notes.validator,
            "total": notes.total,
            "in_order": notes.in_order,
            "spans": [list(span) for span in notes.spans],
        }
        try:
            fresh.write_text(json.dumps(facts) + "\n")
            fresh.replace(self._notes_path)
        except OSError as error:
            raise self._failed(error) from None

    def finish(self) -> None:
        """It is whole: it gets its name."""
        try:
            self.path.replace(self._target)
        except OSError as error:
            raise self._failed(error) from None
        self._end()

    def keep(self) -> None:
        """It stays as it is, for another fetch."""
        os.close(self._file)

    def drop(self) -> None:
        """Nothing of it is worth keeping."""
        with suppress(OSError):
            self.path.unlink()
        self._end()

    def _end(self) -> None:
        with suppress(OSError):
            self._notes_path.unlink()
        os.close(self._file)

    def _failed(self, error: OSError) -> P2clawError:
        return P2clawError(
            f"{self._target} cannot be written: {error.strerror}", code="file-unwritable"
        )


def _read(document: Any) -> Notes | None:
    keys = ("url", "validator", "total", "in_order", "spans")
    if not isinstance(document, dict) or document.keys() != set(keys):
        return None
    url, validator, total, in_order, spans = (document[key] for key in keys)
    if not isinstance(url, str) or not isinstance(validator, str) or not isinstance(spans, list):
        return None
    if type(in_order) is not bool:
        return None
    if total is not None and type(total) is not int:
        return None
    notes = Notes(url, validator, total, in_order)
    for span in spans:
        if not (isinstance(span, list) and len(span) == 2 and all(type(n) is int for n in span)):
            return None
        if not 0 <= span[0] <= span[1]:
            return None
        notes.add((span[0], span[1]))
    return notes
