"""`python -m bench dataplane`: what it prints, and what it leaves behind. Never how fast it was."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest

from bench.dataplane.latency import percentile
from bench.pair import need_wrtc
from p2claw.errors import UsageError

REPOSITORY = Path(__file__).parents[2]
DEADLINE_S = 90


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a short name: an agent's socket is somewhere below, in at most 107 bytes."""
    return tmp_path_factory.mktemp("b")


async def bench(folder: Path, *arguments: str) -> Process:
    """Start it in a process group of its own. What it starts inherits TMPDIR, the folder."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench", "dataplane", "--json", "--runs", "1", *arguments),
        stdout=PIPE,
        stderr=PIPE,
        cwd=REPOSITORY,
        env={**os.environ, "TMPDIR": str(folder)},
        start_new_session=True,
    )


def running(folder: Path) -> list[int]:
    """The processes that a bench in this folder has started and not ended."""
    mark = f"TMPDIR={folder}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and mark in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue  # it has ended meanwhile
    return found


async def test_a_case_ends_with_a_summary_for_each_peer(folder: Path) -> None:
    process = await bench(folder, "--mb", "2", "--case", "loopback")
    out, err = await asyncio.wait_for(process.communicate(), DEADLINE_S)
    assert process.returncode == 0, err.decode()
    lines = [json.loads(line) for line in out.splitlines()]
    runs, summaries = lines[:3], lines[3:]
    assert [run["sender"] for run in runs] == ["p2claw", "aiortc", "wrtc"]
    assert all(run["mb_per_s"] > 0 and run["sender_cpu_s_per_gb"] > 0 for run in runs)
    assert [summary["vs"] for summary in summaries] == ["aiortc", "wrtc"]
    for summary, peer in zip(summaries, runs[1:], strict=True):
        assert (summary["summary"], summary["bench"]) == (True, "dataplane")
        assert (summary["case"], summary["runs"]) == ("loopback", 1)
        assert (summary["sender"], summary["receiver"]) == ("p2claw", "wrtc")
        assert set(summary["cpu_ratio_spread"]) == {"min", "median", "max"}
        cpu_ratio = peer["sender_cpu_s_per_gb"] / runs[0]["sender_cpu_s_per_gb"]
        rate_ratio = runs[0]["mb_per_s"] / peer["mb_per_s"]
        assert summary["cpu_ratio"] == pytest.approx(cpu_ratio, abs=1e-3)
        assert summary["rate_ratio"] == pytest.approx(rate_ratio, abs=1e-3)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_an_interrupted_bench_leaves_nothing_behind(
    folder: Path, number: signal.Signals
) -> None:
    process = await bench(folder, "--mb", "500", "--case", "upload")
    assert process.stderr is not None
    first = await asyncio.wait_for(process.stderr.readline(), DEADLINE_S)
    assert b"upload: run 1 of 1" in first
    started = running(folder)
    os.killpg(process.pid, number)  # as a terminal does it: all of the group at once
    _, err = await asyncio.wait_for(process.communicate(), DEADLINE_S)
    assert process.returncode == 130
    assert b"Traceback" not in err
    assert len(started) >= 4  # itself, a server, an agent, a visitor
    assert running(folder) == []
    assert list(folder.iterdir()) == []


def test_a_peer_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "webrtc", None)
    with pytest.raises(UsageError, match="wrtc is not installed") as caught:
        need_wrtc()
    assert caught.value.code == "wrtc-missing"
    assert "[bench]" in caught.value.hint


def test_a_percentile_is_a_value_that_was_measured() -> None:
    values = [float(value) for value in range(200, 0, -1)]
    assert percentile(values, 0.5) == 100
    assert percentile(values, 0.99) == 198
    assert percentile(values, 1) == 200
    assert percentile([7.0], 0.99) == 7
