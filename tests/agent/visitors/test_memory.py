"""When the memory of a crowd is given back."""

from __future__ import annotations

import ctypes
import gc
import os
import weakref
from pathlib import Path

import pytest

from p2claw.agent.visitors.memory import CROWD, CrowdMemory, trim_heap


def trims_of(*links: int) -> list[int]:
    """At which looks it is given back, counted from 0."""
    trims: list[int] = []
    at = 0
    memory = CrowdMemory(lambda: trims.append(at))
    for at, count in enumerate(links):  # noqa: B007
        memory.look(count)
    return trims


def test_a_crowd_that_has_gone_leaves_nothing_behind() -> None:
    assert trims_of(0, 200, 150, 99, 60) == [3]


def test_a_crowd_that_goes_slowly_is_noticed_more_than_once() -> None:
    assert trims_of(16 * CROWD, 8 * CROWD, 4 * CROWD, CROWD, 0) == [1, 2, 3, 4]


def test_a_few_visitors_are_no_crowd() -> None:
    assert trims_of(CROWD - 1, 0, CROWD - 1, 0) == []


def test_a_crowd_that_stays_is_not_looked_at_again() -> None:
    assert trims_of(200, 199, 150, 200, 101) == []


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="glibc alone can")
def test_what_was_freed_between_what_stays_is_given_back() -> None:
    pieces = [b"x" * 16_384 for _ in range(4_000)]
    stays = pieces[::64]
    pieces.clear()
    before_bytes = resident_bytes()
    trim_heap()
    assert before_bytes - resident_bytes() > 32_000_000
    assert len(stays) == 63


def test_parts_of_a_link_that_refer_to_each_other_are_found_and_freed() -> None:
    class Part:
        other: Part

    one, two = Part(), Part()
    one.other, two.other = two, one
    is_alive = weakref.ref(one)
    gc.disable()
    try:
        del one, two
        assert is_alive()
        trim_heap()
    finally:
        gc.enable()
    assert not is_alive()


def resident_bytes() -> int:
    """Source: proc_pid_statm(5)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
