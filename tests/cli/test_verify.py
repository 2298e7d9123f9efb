"""expose --verify: what a visitor sees, seen by visiting."""

from __future__ import annotations

import socket
from pathlib import Path

from p2claw.cli.verify import look
from tests.cli.demos import Demo
from tests.cli.program import p2claw

PAGE = """<!doctype html><title> Two
 words </title><script src="http://localhost:5173/@vite/client"></script>
<a href='//127.0.0.1:8000/x'>x</a><p>http://localhost:1/ in a text is none</p>"""


def test_a_page_is_seen_with_title_and_warnings(running: Demo, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(PAGE)
    ran = p2claw(running.box_home, "expose", "seen", str(tmp_path), "--verify", "--json")
    seen = ran.json["verified"]
    assert (ran.code, seen["ok"], seen["status"], seen["title"]) == (0, True, 200, "Two words")
    assert (seen["path"], seen["error"], seen["guarded"]) == ("direct", "", False)
    assert [warning.split(",")[0] for warning in seen["warnings"]] == [
        "the page names //127.0.0.1:8000",
        "the page names http://localhost:5173",
    ]
    people = p2claw(running.box_home, "expose", "seen", str(tmp_path), "--verify", "--no-qr")
    assert "a visitor sees status 200, “Two words” (direct" in people.err
    guarded = p2claw(
        running.box_home, "expose", "seen", str(tmp_path), "--invited", "--verify", "--json"
    )
    assert (guarded.code, guarded.json["verified"]["guarded"]) == (0, True)
    p2claw(running.box_home, "unexpose", "seen")


def test_an_app_that_is_down_is_seen_as_that(running: Demo) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    ran = p2claw(running.box_home, "expose", "down", port, "--verify", "--json")
    p2claw(running.box_home, "unexpose", "down")
    seen = ran.json["verified"]
    assert (ran.code, seen["ok"], seen["reached"], seen["error"]) == (1, False, True, "app-down")


def test_without_an_agent_nothing_is_seen(home: Path) -> None:
    ran = p2claw(home, "expose", "dog", "3000", "--verify", "--json")
    assert (ran.code, ran.json["verified"]["reached"]) == (1, False)
    assert "no URL yet" in ran.json["verified"]["error"]


async def test_a_box_that_is_not_there_is_no_exception(running: Demo) -> None:
    port = running.facts["edge"].rpartition(":")[2]
    seen = await look(f"http://dog-nosuchbox.localhost:{port}/", None)
    assert not seen.reached
    assert seen.error
