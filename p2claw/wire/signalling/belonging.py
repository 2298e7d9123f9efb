"""Whose names a key responds for, by the statements that came with it (docs/WIRE.md §13, §17).

Sans-IO, and the one place that decides it in Python; `bootstrap/src/late/belonging.ts` is the same
for browsers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from p2claw.errors import RemoteProtocolError
from p2claw.wire.signalling.statements import Kind, Statement
from p2claw.wire.signalling.succession import steps_to


def owner_of(found: bytes, statements: Sequence[bytes], now_s: float) -> bytes:
    """The key whose names the box with the key `found` responds for: its own, without a delegation.

    A delegation to a key holds for those that follow it. Of several the first that is genuine and
    in force counts; what is no statement is passed over. A box to which names were delegated cannot
    delegate them further: only one step is taken.
    """
    own = [found, *(step.before for step in steps_to(found, statements))]
    for statement in _readable(statements):
        if (
            statement.kind is Kind.DELEGATE
            and statement.subject in own
            and statement.is_in_force(now_s)
            and statement.is_genuine()
        ):
            return statement.signer
    return found


def line_of(found: bytes, statements: Sequence[bytes], now_s: float) -> list[bytes]:
    """As `owner_of`, and the keys that it follows, the newest first."""
    owner = owner_of(found, statements, now_s)
    return [owner, *(step.before for step in steps_to(owner, statements))]


def _readable(statements: Iterable[bytes]) -> Iterator[Statement]:
    for data in statements:
        try:
            yield Statement.unpack(data)
        except RemoteProtocolError:
            continue
