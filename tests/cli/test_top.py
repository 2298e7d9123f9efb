"""p2claw top: rates between two looks, what it prints, and the screen that lives."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from p2claw.cli.top.looking import Look, between
from p2claw.cli.top.tables import month_lines, top_lines
from tests.cli.demos import Demo
from tests.cli.program import argv_of, env_of, p2claw

STATUS = {
    "alias": "purplecrab",
    "coordinator": {"state": "online"},
    "apps": [{"app": "cat"}, {"app": "dog"}],
}
USAGE = {
    "month": "2026-11",
    "ends_s": 3_600,
    "limits": {"dog": 1_000_000},
    "used_up": [],
    "usage": [
        {
            "month": month,
            "app": "dog",
            "visits": 4,
            "bytes": 250_000,
            "direct": {"in": 50_000, "out": 100_000},
            "relayed": {"in": 0, "out": 100_000},
        }
        for month in ("2026-11", "2026-10")
    ],
}


def link(id: str, sent: int, **more: Any) -> dict[str, Any]:
    plain = {
        "id": id,
        "app": "dog",
        "path": "direct",
        "age_s": 10.0,
        "rtt_ms": 20.0,
        "streams": 1,
        "bytes_in": 0,
        "bytes_out": sent,
        "relayed_in": 0,
        "relayed_out": 0,
        "software": "p2claw/0.1.0",
        "plane": {"chunks_out": sent // 1_000, "lost_chunks": 0},
    }
    return {**plain, **more}


def at(at_s: float, *links: dict[str, Any]) -> Look:
    return Look(at_s, STATUS, {one["id"]: one for one in links}, USAGE)


def test_a_rate_is_what_was_moved_between_two_looks() -> None:
    lost = {"plane": {"chunks_out": 300, "lost_chunks": 5}}
    before = at(5.0, link("one", 100_000), link("slow", 1_000))
    now = at(7.0, link("one", 300_000, **lost), link("slow", 1_000), link("new", 500_000))
    facts = between(before, now)
    found = {one["id"]: (one["out_per_s"], one["loss"]) for one in facts["visitors"]}
    assert found == {"one": (100_000, 0.025), "new": (50_000, 0.0), "slow": (0, None)}
    assert [one["id"] for one in facts["visitors"]] == ["one", "new", "slow"]
    cat, dog = facts["apps"]
    assert (cat["visitors"], cat["month"]["bytes"], cat["monthly_bytes"]) == (0, 0, None)
    assert (dog["out_per_s"], dog["month"]["bytes"], dog["monthly_bytes"]) == (
        150_000,
        250_000,
        1_000_000,
    )


def test_a_link_that_counts_anew_has_no_negative_rate() -> None:
    again = link("one", 10, plane={"chunks_out": 3, "lost_chunks": 0})
    facts = between(at(5.0, link("one", 100_000)), at(6.0, again))
    assert (facts["visitors"][0]["out_per_s"], facts["visitors"][0]["loss"]) == (0, None)


def test_the_text_has_limits_and_paths() -> None:
    facts = between(at(5.0), at(6.0, link("one", 2_000_000, path="relayed", relayed_out=2_000_000)))
    text = "\n".join(top_lines(facts))
    assert "purplecrab  online  1 visitor  in 0 B/s  out 200.0 kB/s" in text
    month = "250.0 kB +4 +150.0 kB +100.0 kB +1.0 MB, 25%"
    assert re.search(rf"dog +1 +0 B/s +200.0 kB/s +{month}", text)
    assert re.search(r"one +dog +relayed +10 s +20 ms +0.0% +0 B/s +200.0 kB/s +0 B +2.0 MB", text)


def test_an_app_that_is_closed_says_so() -> None:
    facts = between(at(5.0), at(6.0))
    facts["apps"][1]["used_up"] = True
    assert "1.0 MB, used up" in "\n".join(top_lines(facts))


@pytest.mark.parametrize("height", [10, 24, 50])
def test_nothing_is_higher_than_the_terminal(height: int) -> None:
    facts = between(at(5.0), at(6.0, *(link(f"visitor-{n}", n) for n in range(200))))
    facts["apps"] *= 60
    lines = top_lines(facts, height=height)
    assert len(lines) <= height
    assert re.fullmatch(r"and \d+ more", lines[-1])


def test_apps_have_the_lines_that_visitors_leave() -> None:
    facts = between(at(5.0), at(6.0, link("one", 1)))
    facts["apps"] = facts["apps"][:1] * 15
    assert not [line for line in top_lines(facts, height=24) if "more" in line]


def test_a_narrow_terminal_leaves_out_what_can_be_spared_and_no_limit() -> None:
    facts = between(at(5.0), at(6.0, link("one", 2_000_000)))
    facts["apps"][1]["used_up"] = True
    wide, narrow = top_lines(facts, width=140), top_lines(facts, width=72)
    assert max(map(len, wide[2:])) > 72 >= max(map(len, narrow[2:]))
    assert "DIRECT" in wide[2] and "DIRECT" not in narrow[2]
    assert any("1.0 MB, used up" in line for line in narrow)
    assert any(line.split()[:3] == ["one", "dog", "direct"] for line in narrow)


def test_every_month_is_listed() -> None:
    heads, november, october = month_lines(USAGE)
    assert heads.split()[:3] == ["MONTH", "APP", "VISITS"]
    assert november.split()[:5] == ["2026-11", "dog", "4", "250.0", "kB"]
    assert october.startswith("2026-10")


def test_without_an_agent_it_is_unreachable(home: Path) -> None:
    ran = p2claw(home, "top", "--json")
    assert (ran.code, ran.error["code"]) == (4, "agent-not-running")


def test_a_visit_is_seen_while_it_lasts_and_counted_for_its_month(
    running: Demo, home: Path
) -> None:
    argv = argv_of("fetch", f"{running.url}events")
    with subprocess.Popen(argv, env=env_of(home), stdout=subprocess.PIPE) as visit:
        try:
            assert visit.stdout is not None
            visit.stdout.readline()
            facts = p2claw(running.box_home, "top", "--json").json
            text = p2claw(running.box_home, "top").out
        finally:
            visit.send_signal(signal.SIGINT)  # it takes leave, so that nothing waits for it
            visit.wait(20)
    assert facts.keys() == {
        *("alias", "coordinator", "took_s", "visitors", "apps"),
        *("month", "ends_s", "limits", "used_up", "usage"),
    }
    # Visitors of other tests who went without a word may still be listed.
    keys = {
        *("id", "app", "path", "age_s", "rtt_ms", "streams", "bytes_in", "bytes_out", "software"),
        *("relayed_bytes", "in_per_s", "out_per_s", "loss"),
    }
    visitors = [one for one in facts["visitors"] if one["app"] == "tidepool"]
    assert visitors and all(one.keys() == keys for one in visitors)
    (app,) = [one for one in facts["apps"] if one["app"] == "tidepool"]
    assert app["month"]["visits"] >= 1 and app["month"]["direct"]["out"] > 0
    assert "tidepool" in text and "LOSS" in text
    months = p2claw(running.box_home, "top", "--months").out
    assert re.search(rf"{facts['month']} +tidepool", months)


def test_the_screen_lives_until_ctrl_c(running: Demo) -> None:
    ours, theirs = pty.openpty()
    env = {**env_of(running.box_home), "TERM": "xterm", "COLUMNS": "120", "LINES": "30"}
    argv = argv_of("top", "--every", "0.2")
    program = subprocess.Popen(argv, stdin=theirs, stdout=theirs, stderr=theirs, env=env)
    os.close(theirs)
    seen = b""
    try:
        deadline = time.monotonic() + 30
        while seen.count(b"THIS MONTH") < 3 and time.monotonic() < deadline:
            if select.select([ours], [], [], 1)[0]:
                seen += os.read(ours, 65_536)
        program.send_signal(signal.SIGINT)
        assert program.wait(20) == 130
    finally:
        program.kill()
        program.wait()
        os.close(ours)
    assert seen.count(b"THIS MONTH") >= 3 and b"tidepool" in seen
