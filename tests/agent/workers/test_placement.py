"""Where visitors are placed, by what workers report."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from p2claw.agent.workers.core_share import CoreShare
from p2claw.agent.workers.placement import Load, Placement


@dataclass
class Reporting:
    number: int
    load: Load = field(default_factory=Load)


def placed(placement: Placement, workers: list[Reporting], count: int) -> list[int]:
    """The links of each after so many newcomers, all of whom stay."""
    for _ in range(count):
        chosen = placement.choose([worker.number for worker in workers])
        assert chosen is not None
        placement.add(workers[chosen])
    return [placement.links(worker) for worker in workers]


def with_links(*links: int) -> tuple[Placement, list[Reporting]]:
    workers = [Reporting(number) for number in range(len(links))]
    placement = Placement(workers)
    for worker, count in zip(workers, links, strict=True):
        for _ in range(count):
            placement.add(worker)
    return placement, workers


def test_without_reports_each_gets_as_many_in_turn() -> None:
    placement, workers = with_links(0, 0, 0)
    assert placed(placement, workers, 7) == [3, 2, 2]
    placement.remove(workers[2])
    assert placed(placement, workers, 1) == [3, 2, 2]
    assert placed(placement, workers, 2) == [3, 3, 3]


def test_who_is_busy_gets_nobody_while_another_has_time() -> None:
    placement, workers = with_links(1, 20)
    workers[0].load, workers[1].load = Load(95, 1), Load(30, 20)
    assert placed(placement, workers, 5) == [1, 25]


def test_newcomers_count_before_anything_is_reported_of_them() -> None:
    placement, workers = with_links(4, 4)
    workers[0].load, workers[1].load = Load(80, 4), Load(40, 4)
    # A visitor costs 15 % on the average: three fill what the second had left, then both get some.
    before = placed(placement, workers, 3)
    assert before == [4, 7]
    assert placed(placement, workers, 4) == [6, 9]


def test_who_left_counts_no_more() -> None:
    placement, workers = with_links(10, 2)
    workers[0].load, workers[1].load = Load(60, 10), Load(30, 2)
    for _ in range(10):
        placement.remove(workers[0])
    assert placement.choose([0, 1]) == 0


def test_a_difference_within_a_tenth_of_a_core_is_noise() -> None:
    placement, workers = with_links(3, 1)
    workers[0].load, workers[1].load = Load(1, 3), Load(4, 1)
    assert placed(placement, workers, 2) == [3, 3]


def test_only_those_that_are_ready_are_chosen_from() -> None:
    placement, workers = with_links(0, 5)
    workers[1].load = Load(100, 5)
    assert placement.choose([1]) == 1
    assert placement.choose([]) is None


@pytest.mark.parametrize(
    ("used_s", "wall_s", "percent"),
    [(0.0, 5.0, 0), (2.5, 5.0, 50), (7.0, 5.0, 140), (1.0, 0.0, 0), (-1.0, 5.0, 0)],
)
def test_a_share_of_a_core_is_that_since_the_report_before(
    used_s: float, wall_s: float, percent: int
) -> None:
    walls, used = iter([10.0, 15.0, 15.0 + wall_s]), iter([3.0, 4.0, 4.0 + used_s])
    share = CoreShare(lambda: next(walls), lambda: next(used))
    assert share.percent() == 20
    assert share.percent() == percent
