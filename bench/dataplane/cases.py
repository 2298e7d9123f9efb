"""The cases of `python -m bench dataplane`, by name. Each is a module that has `run`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bench.dataplane import (
    chromium,
    latency_beside_bulk,
    latency_idle,
    loopback,
    upload,
    whole_path,
)
from bench.report import Report


class Case(Protocol):
    """One measurement: a line a run, then a summary beside each peer."""

    async def run(self, report: Report, *, runs: int, megabytes: int) -> None: ...


CASES: dict[str, Case] = {
    "loopback": loopback,
    "upload": upload,
    "whole-path": whole_path,
    "latency-idle": latency_idle,
    "latency-beside-bulk": latency_beside_bulk,
    "chromium": chromium,
}


async def run(
    report: Report, *, runs: int, megabytes: int, cases: Sequence[str] = tuple(CASES)
) -> None:
    """Run cases by name, one after the other."""
    for name in cases:
        await CASES[name].run(report, runs=runs, megabytes=megabytes)
