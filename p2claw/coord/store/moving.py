"""Moves all rows of one store to another, and compares them one by one.

Both sides are read in the order of their keys, and only what differs is written, in pieces that
are each committed. So a move that was interrupted goes on where it was, by beginning again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from p2claw.coord.store.rows import TABLES, Row, Rows, Table
from p2claw.errors import P2clawError

# Rows that are read, written and committed at once.
PIECE = 1_000


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of a table. digest: SHA-256 of all its rows, which are the same on both sides."""

    table: str
    rows: int
    written: int
    digest: str


async def move(source: Rows, target: Rows, progress: Callable[[str, int], None]) -> list[Moved]:
    """Make the rows of target those of source, and then read all of both again and compare.

    progress: called after each piece, with the table and how many of its rows are done.
    Raises P2clawError `move-stranger`: the target has a row that the source has not;
    `move-differs`: it has another one with the same key that may not change.
    """
    written = {}
    for table in TABLES:
        written[table.name] = await _copy(source, target, table, progress)
    await target.finish()
    moved = []
    for table in TABLES:
        rows, digest = await _compare(source, target, table)
        moved.append(Moved(table.name, rows, written[table.name], digest))
    return moved


async def _copy(
    source: Rows, target: Rows, table: Table, progress: Callable[[str, int], None]
) -> int:
    written, done, after = 0, 0, None
    while True:
        rows = await source.read(table, after, PIECE)
        there = {row[0]: row for row in await target.read(table, after, PIECE)}
        last = rows[-1][0] if len(rows) == PIECE else None
        keys = {row[0] for row in rows}
        for key in there:
            if key not in keys and (last is None or key <= last):
                raise _stranger(table, key)
        missing = [row for row in rows if there.get(row[0]) != row]
        if missing:
            await target.write(table, missing)
        written += len(missing)
        done += len(rows)
        progress(table.name, done)
        if last is None:
            return written
        after = last


async def _compare(source: Rows, target: Rows, table: Table) -> tuple[int, str]:
    digest, count, after = hashlib.sha256(), 0, None
    while True:
        rows = await source.read(table, after, PIECE)
        there = await target.read(table, after, PIECE)
        for one, other in zip(rows, there, strict=False):
            if one != other:
                raise _differs(table, one, other)
        if len(rows) != len(there):
            longer = rows if len(rows) > len(there) else there
            raise _differs(table, longer[min(len(rows), len(there))], ())
        for row in rows:
            digest.update(repr(row).encode())
        count += len(rows)
        if len(rows) < PIECE:
            return count, digest.hexdigest()
        after = rows[-1][0]


def _stranger(table: Table, key: Any) -> P2clawError:
    return P2clawError(
        f"The target has a row of {table.name} that the source has not: {_shown(key)}",
        code="move-stranger",
        hint="A target is empty, or has a part of this very source: name another",
    )


def _differs(table: Table, one: Row, other: Row) -> P2clawError:
    return P2clawError(
        f"A row of {table.name} is not the same on both sides: {_shown((one or other)[0])}",
        code="move-differs",
        hint="Something else writes to one of both; or the target is of another coordinator",
    )


def _shown(key: Any) -> str:
    return key.hex() if isinstance(key, bytes) else str(key)
