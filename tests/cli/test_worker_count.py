"""`--workers`: a number, or as many as there are cores."""

from __future__ import annotations

import os
from pathlib import Path

import click
import pytest

from p2claw.cli.cores import usable_cores
from p2claw.cli.worker_count import WorkerCount


@pytest.mark.parametrize(("given", "count"), [("4", 4), (4, 4), ("0", 0), ("-1", -1)])
def test_a_number_is_what_it_says(given: object, count: int) -> None:
    assert WorkerCount().convert(given, None, None) == count


@pytest.mark.parametrize("given", ["", "four", "1.5", "AUTO", True])
def test_anything_else_is_refused(given: object) -> None:
    with pytest.raises(click.BadParameter, match="give one, or auto"):
        WorkerCount().convert(given, None, None)


def test_auto_is_the_cores_that_this_process_may_use() -> None:
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert WorkerCount().convert("auto", None, None) == 1
    finally:
        os.sched_setaffinity(0, before)


@pytest.mark.parametrize(
    ("cpu_max", "most"),
    [
        ("50000 100000", 1),
        ("100000 100000", 1),
        ("150000 100000", 2),
        ("max 100000", None),
        ("", None),
        ("rubbish", None),
        ("100000 0", None),
        (None, None),
    ],
)
def test_a_container_has_no_more_than_its_share(
    tmp_path: Path, cpu_max: str | None, most: int | None
) -> None:
    path = tmp_path / "cpu.max"
    if cpu_max is not None:
        path.write_text(cpu_max + "\n")
    cores = len(os.sched_getaffinity(0))
    assert usable_cores(path) == (cores if most is None else min(cores, most))
