"""Whose names a key responds for, by the statements that came with it (docs/WIRE.md §13, §17).

Sans-IO, and the one place that decides it in Python; `bootstrap/src/late/belonging.ts` is the same
for browsers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from p2claw.errors import RemoteProtocolError
from p2claw.wire.signalling.statements import Kind, Statement


def owner_of(found: bytes, statements: Iterable[bytes], now_s: float) -> bytes:
    """The key whose names the box with the key `found` responds for: its own, without a delegation.

    Of several delegations the first that is genuine and in force counts; what is no statement is
    passed over. A box to which names were delegated cannot delegate them further: only one step is
    taken.
    """
    for statement in _readable(statements):
        if (
            statement.kind is Kind.DELEGATE
            and statement.subject == found
            and statement.is_in_force(now_s)
            and statement.is_genuine()
        ):
            return statement.signer
    return found


def _readable(statements: Iterable[bytes]) -> Iterator[Statement]:
    for data in statements:
        try:
            yield Statement.unpack(data)
        except RemoteProtocolError:
            continue
