"""p2claw.coord.bus.trunks.kept: what is not acknowledged is there to be written again."""

from __future__ import annotations

from p2claw.coord.bus.trunks.frames import Batch
from p2claw.coord.bus.trunks.kept import KEPT_S, MOST_KEPT, Kept


def numbers(kept: Kept) -> list[int]:
    return [batch.number for batch in kept.all()]


def test_what_is_acknowledged_goes_and_the_rest_keeps_its_order() -> None:
    kept = Kept()
    for number in (3, 5, 9):
        kept.add(Batch(number, b""), 0.0)
    kept.acknowledged(5)
    assert numbers(kept) == [9]


def test_of_too_many_and_of_too_old_ones_the_oldest_go() -> None:
    kept = Kept()
    for number in range(MOST_KEPT + 1):
        kept.add(Batch(number, b""), 0.0)
    assert (len(kept), numbers(kept)[0]) == (MOST_KEPT, 1)
    kept.add(Batch(MOST_KEPT + 1, b""), KEPT_S)
    assert numbers(kept) == [MOST_KEPT + 1]
