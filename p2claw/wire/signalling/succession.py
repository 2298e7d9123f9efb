"""Which keys of a box a key follows, by the statements that came with it (docs/WIRE.md §17).

Sans-IO. Whoever knows an older key of a box, by its name, a link or an earlier visit, finds it
among these; `bootstrap/src/late/belonging.ts` does the same for browsers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from p2claw.errors import RemoteProtocolError
from p2claw.wire.signalling.statements import Kind, Statement


@dataclass(frozen=True, slots=True)
class Step:
    """One change of a key. by: the old key's statement; or the one in which the old key has named a
    backup key, and that key's own.
    """

    before: bytes
    after: bytes
    by: tuple[Statement, ...]


def steps_to(key: bytes, statements: Iterable[bytes]) -> Iterator[Step]:
    """The changes that lead to this key, the newest first. Each is verified as it is asked for.

    No clock is looked at: a change holds for good. What is no statement, or not genuine, is passed
    over. A key is met once, so that no circle has no end.
    """
    known = list(_readable(statements))
    met = {key}
    while (step := _step_to(key, known)) is not None and step.before not in met:
        yield step
        key = step.before
        met.add(key)


def backup_of(key: bytes, statements: Iterable[bytes]) -> Statement | None:
    """The statement by which this key has named its backup key, or itself: no other any more.

    The last one that it made, if there are several.
    """
    named = [
        one
        for one in _readable(statements)
        if one.kind is Kind.BACKUP and one.signer == key and one.is_genuine()
    ]
    return max(named, key=lambda one: one.issued_s, default=None)


def _step_to(key: bytes, known: list[Statement]) -> Step | None:
    for change in known:
        if change.kind is Kind.ROTATE and change.subject == key and change.is_genuine():
            for named in known:
                if (
                    named.kind is Kind.BACKUP
                    and named.subject == change.signer
                    and named.signer != change.signer
                    and named.is_genuine()
                ):
                    return Step(named.signer, key, (named, change))
            return Step(change.signer, key, (change,))
    return None


def _readable(statements: Iterable[bytes]) -> Iterator[Statement]:
    for data in statements:
        try:
            yield Statement.unpack(data)
        except RemoteProtocolError:
            continue
