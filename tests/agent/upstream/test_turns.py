"""Whose turn it is, held against a choice that looks at everybody."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator

import pytest

from p2claw.agent.upstream.turns import Turns, Waiter
from p2claw.fair_shares import FairShares

Turn = asyncio.Future[None]


class Plain:
    """The same order, by looking at all that wait."""

    def __init__(self, shares: FairShares) -> None:
        self._shares = shares
        self._waiting: list[Waiter[None]] = []
        self._served: dict[object, int] = {}
        self._count = 0

    def add(self, waiter: Waiter[None]) -> None:
        if all(one.visitor != waiter.visitor for one in self._waiting):
            self._served[waiter.visitor] = self._next()
        self._waiting.append(waiter)

    def gave_up(self, waiter: Waiter[None]) -> None:
        self._waiting.remove(waiter)

    def next(self) -> Waiter[None] | None:
        visitors = {one.visitor: one.network for one in self._waiting}
        allowed = [one for one in visitors.items() if self._shares.may(*one)]
        if not allowed:
            return None
        visitor, _ = min(allowed, key=lambda one: (self._shares.held(one[0]), self._served[one[0]]))
        own = [one for one in self._waiting if one.visitor == visitor]
        chosen = min(own, key=lambda one: (one.urgency, one.order))
        self._waiting.remove(chosen)
        self._served[visitor] = self._next()
        return chosen

    def _next(self) -> int:
        self._count += 1
        return self._count


def events(seed: int) -> Iterator[tuple[str, random.Random]]:
    """A mix that changes: phases in which requests gather, and in which they are served."""
    rng = random.Random(seed)
    for _ in range(40):
        adds = rng.choice([1, 3, 8])
        for _ in range(30):
            kinds = ["add"] * adds + ["next"] * 4 + ["release"] * 3 + ["give up"]
            yield rng.choice(kinds), rng


@pytest.mark.parametrize("networks", [1, 3, 40])
@pytest.mark.parametrize("seed", range(5))
async def test_the_next_is_the_one_that_looking_at_everybody_finds(
    seed: int, networks: int
) -> None:
    loop = asyncio.get_running_loop()
    shares = FairShares(12)
    turns: Turns[None] = Turns(shares.held)
    plain = Plain(shares)
    waiting: list[Waiter[None]] = []
    inside: list[Waiter[None]] = []
    served = 0
    for kind, rng in events(seed):
        if kind == "add":
            visitor = rng.randrange(60)
            turn: Turn = loop.create_future()
            waiter = turns.add(visitor, f"town {visitor % networks}", rng.randrange(8), turn)
            plain.add(waiter)
            waiting.append(waiter)
        elif kind == "give up" and waiting:
            waiter = waiting.pop(rng.randrange(len(waiting)))
            waiter.turn.cancel()
            turns.gave_up(waiter)
            plain.gave_up(waiter)
        elif kind == "release" and inside:
            waiter = inside.pop(rng.randrange(len(inside)))
            shares.release(waiter.visitor, waiter.network)
            turns.holds_fewer(waiter.visitor, waiter.network)
        elif kind == "next":
            found = turns.next(shares.may)
            assert found is plain.next()
            if found is not None:
                waiting.remove(found)
                shares.hold(found.visitor, found.network)
                inside.append(found)
                served += 1
        assert len(turns) == len(waiting)
    assert served > 100
