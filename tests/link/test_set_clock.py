"""That a clock was set is noticed, and that time passes is not."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from p2claw.link.set_clock import clock_was_set


@dataclass
class Machine:
    """Its clocks. steps: by how much the time of day is set, by the number of the look."""

    steps: dict[int, float]
    monotonic_s: float = 100.0
    ahead_s: float = 1_800_000_000.0
    looks: int = 0

    async def sleep(self, seconds: float) -> None:
        self.monotonic_s += seconds
        self.looks += 1
        self.ahead_s += self.steps.get(self.looks, 0.0)
        if self.looks > 100:
            raise TimeoutError
        await asyncio.sleep(0)

    async def look(self) -> int:
        await clock_was_set(
            wall=lambda: self.monotonic_s + self.ahead_s,
            monotonic=lambda: self.monotonic_s,
            sleep=self.sleep,
        )
        return self.looks


@pytest.mark.parametrize("step_s", [3_600.0, -3_600.0, 119.0, -2.0])
async def test_a_step_is_noticed_at_the_next_look(step_s: float) -> None:
    assert await Machine({3: step_s}).look() == 3


async def test_steps_that_add_up_are_noticed() -> None:
    assert await Machine(dict.fromkeys(range(1, 9), 0.25)).look() == 4


async def test_a_clock_that_is_only_slewed_is_not_taken_for_one_that_was_set() -> None:
    with pytest.raises(TimeoutError):
        await Machine(dict.fromkeys(range(1, 200), 0.5 * 500e-6)).look()
