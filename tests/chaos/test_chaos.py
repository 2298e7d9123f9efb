"""A minute of chaos whose faults are always the same ones; `make chaos` runs longer, at random."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.run import run

SECONDS = 60.0
SEED = 4


@pytest.mark.timeout(300)
async def test_everything_is_back_whole_and_named_after_a_minute_of_faults(tmp_path: Path) -> None:
    figures = await run(tmp_path, seconds=SECONDS, seed=SEED)
    assert figures.wrong == []
    assert figures.completed.total() > 20
    assert len(figures.completed) == 4
    assert figures.faults.total() >= 3
