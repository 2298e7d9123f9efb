"""No order in which a peer sends makes a chunk dearer than the number of chunks does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.costs.association import APART, APART_MOST, CASES

# For twice as many: twice the steps, and for a heap of thousands a tenth more.
MOST_GROWTH = 2.4


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[int]]:
    folder: Path = tmp_path_factory.mktemp("counted")
    command = [sys.executable, "-m", "tests.dataplane.counted", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, list[int]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("case", CASES)
def test_twice_as_many_take_about_twice_the_steps(case: str, counted: dict[str, list[int]]) -> None:
    for fewer, more in zip(counted[case], counted[case][1:], strict=False):
        assert more <= MOST_GROWTH * fewer, counted[case]


@pytest.mark.parametrize("case", APART)
def test_chunks_that_are_far_apart_take_no_step_for_each_place_between_them(
    case: str, counted: dict[str, list[int]]
) -> None:
    assert counted[case][0] < APART_MOST // 4
