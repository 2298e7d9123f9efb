"""Follows the log of a coturn on this machine into the ledger."""

from __future__ import annotations

import asyncio
import os
import socket
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from p2claw.coord.relayed.ledger import Ledger, Now, Place
from p2claw.coord.relayed.lines import usage_in
from p2claw.units import MIB

READ_BYTES = 4 * MIB


@dataclass(frozen=True, slots=True)
class _Piece:
    """What was read at once. place: how far. is_new: there is something to write down."""

    moved: Counter[str]
    place: Place
    is_new: bool
    may_be_more: bool


class RelayLog:
    """path: the log."""

    def __init__(self, path: Path, ledger: Ledger) -> None:
        self._path = path
        self._ledger = ledger
        self._source = f"{socket.gethostname()}:{path.absolute()}"

    async def read(self, now: Now) -> None:
        """Count what coturn has written since the last time. Raises OSError, LedgerError."""
        while True:
            place = await self._ledger.place(self._source)
            piece = await asyncio.to_thread(self._read, place)
            if piece.is_new:
                await self._ledger.add(now, piece.moved, self._source, piece.place)
            if not piece.may_be_more:
                return

    @property
    def is_there(self) -> bool:
        """Whether there is one: coturn makes it when it is first started."""
        return self._path.exists()

    def moved(self) -> Mapping[str, int]:
        """Nothing: it is not told by realm."""
        return {}

    def open(self) -> Mapping[str, int]:
        """Nothing: it is not told by realm."""
        return {}

    async def run(self) -> None:
        """Nothing runs beside."""

    def _read(self, place: Place | None) -> _Piece:
        """Read whole lines. In a thread."""
        with self._path.open("rb") as opened:
            facts = os.fstat(opened.fileno())
            # Another file, or one that was emptied, is read from its beginning.
            same = place is not None and place.inode == facts.st_ino
            begin = place.offset if place is not None and same else 0
            begin = begin if begin <= facts.st_size else 0
            opened.seek(begin)
            content = opened.read(READ_BYTES)
        lines, line_end, _ = content.rpartition(b"\n")
        read = len(lines) + len(line_end)
        if not line_end and len(content) == READ_BYTES:
            read = len(content)  # no line of coturn's is so long
        return _Piece(
            usage_in(lines),
            Place(facts.st_ino, begin + read),
            is_new=bool(read) or not same,
            may_be_more=read > 0 and len(content) == READ_BYTES,
        )
