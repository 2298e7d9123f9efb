"""share: a URL for as long as it runs, and nothing left of it afterwards however it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from p2claw.agent.upstream.address import UpstreamAddress, parse_upstream
from p2claw.cli.share.name import name_for
from p2claw.cli.share.news import News
from p2claw.names import APP_NAME, is_unlisted
from tests.cli.demos import Demo
from tests.cli.program import argv_of, env_of, p2claw
from tests.cli.shares import WAIT_S, share


def coordinator(demo: Demo) -> str:
    return f"http://localhost:{demo.facts['edge'].rpartition(':')[2]}"


def apps(home: Path) -> list[str]:
    return [entry["app"] for entry in p2claw(home, "status", "--json").json["apps"]]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "Photos"
    folder.mkdir()
    (folder / "a.txt").write_text("hello")
    with (folder / "large.bin").open("wb") as file:
        file.truncate(20_000_000_000)
    return folder


def test_a_folder_is_shared_by_an_agent_of_its_own_until_ctrl_c(
    home: Path, photos: Path, running: Demo
) -> None:
    with share(home, str(photos), "--at", coordinator(running)) as sharing:
        url = sharing.until("shared")["url"]
        assert url.startswith("http://photos-")
        asked = p2claw(home, "fetch", url + "a.txt", "--edge", running.facts["edge"])
        assert asked.out == "hello"
        assert not (home / "routes.json").exists()
        assert sharing.end() == 0
        assert sharing.until("ended")["app"] == "photos"
    assert p2claw(home, "status").code == 4
    assert not (home / "routes.json").exists()


def test_an_unlisted_folder_is_visited_by_its_url_alone(photos: Path, running: Demo) -> None:
    with share(running.box_home, str(photos), "--unlisted") as sharing:
        shared = sharing.until("shared")
        assert is_unlisted(shared["app"])
        asked = p2claw(
            running.box_home,
            "fetch",
            "-i",
            shared["url"] + "a.txt",
            "--edge",
            running.facts["edge"],
        )
        assert "referrer-policy: same-origin" in asked.out.lower()
        assert asked.out.endswith("hello")


def test_visitors_are_logged_when_they_come_and_leave(photos: Path, running: Demo) -> None:
    with share(running.box_home, str(photos)) as sharing:
        url = sharing.until("shared")["url"]
        visitor = subprocess.Popen(
            argv_of("fetch", url + "large.bin", "--edge", running.facts["edge"], "-o", os.devnull),
            env=env_of(photos.parent),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            came = sharing.until("visitor")
        finally:
            visitor.terminate()
            visitor.wait(WAIT_S)
        assert sharing.until("left")["id"] == came["id"]
        assert sharing.end() == 0
    assert "photos" not in apps(running.box_home)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_however_it_ends_the_app_is_gone_and_the_agent_stays(
    photos: Path, running: Demo, number: signal.Signals
) -> None:
    with share(running.box_home, str(photos), "--name", "brief") as sharing:
        sharing.until("shared")
        assert "brief" in apps(running.box_home)
        sharing.end(number)
        deadline = time.monotonic() + WAIT_S
        while "brief" in apps(running.box_home):
            assert time.monotonic() < deadline
    assert "tidepool" in apps(running.box_home)


def test_an_agent_of_its_own_ends_with_it_even_when_it_is_killed(
    home: Path, photos: Path, running: Demo
) -> None:
    with share(home, str(photos), "--at", coordinator(running)) as sharing:
        sharing.until("shared")
        sharing.end(signal.SIGKILL)
        deadline = time.monotonic() + WAIT_S
        while p2claw(home, "status").code != 4:
            assert time.monotonic() < deadline
    assert not (home / "routes.json").exists()


def test_an_agent_of_its_own_that_ends_is_an_error(home: Path, photos: Path, running: Demo) -> None:
    with share(home, str(photos), "--at", coordinator(running)) as sharing:
        sharing.until("shared")
        os.kill(p2claw(home, "status", "--json").json["pid"], signal.SIGKILL)
        assert sharing.process.wait(WAIT_S) == 1
        assert json.loads(sharing.errors.read_text())["error"]["code"] == "child-ended"


def test_it_ends_when_the_app_is_unexposed(photos: Path, running: Demo) -> None:
    with share(running.box_home, str(photos), "--name", "brief") as sharing:
        sharing.until("shared")
        assert p2claw(running.box_home, "unexpose", "brief").code == 0
        sharing.until("unexposed")
        assert sharing.process.wait(WAIT_S) == 0


def test_nothing_listens_yet_is_reported_and_then_that_something_does(running: Demo) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with share(running.box_home, str(port)) as sharing:
        assert sharing.until("silent")["upstream"] == f"http://localhost:{port}"
        server = subprocess.Popen(
            ["python3", "-m", "http.server", str(port), "--bind", "127.0.0.1"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            sharing.until("listens")
        finally:
            server.terminate()
            server.wait(WAIT_S)
        assert sharing.end() == 0


def test_with_keep_it_returns_and_the_app_stays(home: Path, photos: Path, running: Demo) -> None:
    arguments = (str(photos), "--keep", "--at", coordinator(running), "--json")
    kept = p2claw(home, "share", *arguments).json
    try:
        asked = p2claw(home, "fetch", kept["url"] + "a.txt", "--edge", running.facts["edge"])
        assert asked.out == "hello"
        assert list(json.loads((home / "routes.json").read_text())["routes"]) == ["photos"]
        # It is there already, so sharing it again watches, and leaves it there.
        with share(home, str(photos)) as sharing:
            sharing.until("shared")
            assert sharing.end() == 0
        assert apps(home) == ["photos"]
    finally:
        os.kill(p2claw(home, "status", "--json").json["pid"], signal.SIGTERM)
        deadline = time.monotonic() + WAIT_S
        while p2claw(home, "status").code != 4:
            assert time.monotonic() < deadline


def test_a_taken_name_is_refused(photos: Path, running: Demo) -> None:
    ran = p2claw(running.box_home, "share", str(photos), "--name", "tidepool", "--json")
    assert (ran.code, ran.error["code"]) == (2, "app-taken")
    assert "--name" in ran.error["hint"]
    with share(running.box_home, str(photos), "--name", "brief") as sharing:
        sharing.until("shared")
        for arguments in (("share", "3000", "--name"), ("expose",)):
            rest = ("brief",) if arguments[0] == "share" else ("brief", "3000")
            ran = p2claw(running.box_home, *arguments, *rest, "--json")
            assert (ran.code, ran.error["code"]) == (2, "app-taken")


def test_without_a_coordinator_it_prints_how_to_name_one(home: Path, photos: Path) -> None:
    ran = p2claw(home, "share", str(photos), "--json")
    assert (ran.code, ran.error["code"]) == (2, "coordinator-unknown")
    assert "p2claw join" in ran.error["hint"]
    assert "--at" in ran.error["hint"]


def test_another_coordinator_than_the_agents_is_refused(photos: Path, running: Demo) -> None:
    ran = p2claw(running.box_home, "share", str(photos), "--at", "https://other.example", "--json")
    assert (ran.code, ran.error["code"]) == (2, "agent-elsewhere")


@pytest.mark.parametrize(
    "arguments, code",
    [
        (("./nowhere",), "folder-missing"),
        (("3000", "--spa"), "spa-no-folder"),
        (("3000", "--name", "A B"), "app-name-invalid"),
        (("3000", "--at", "nonsense"), "coordinator-invalid"),
        (("http://example.com",), "upstream-not-loopback"),
    ],
)
def test_what_cannot_be_shared_is_wrong_usage(
    home: Path, arguments: tuple[str, ...], code: str
) -> None:
    ran = p2claw(home, "share", *arguments, "--json")
    assert (ran.code, ran.error["code"]) == (2, code)
    assert not (home / "identity.key").exists()


def test_people_read_the_url_and_notes(home: Path, photos: Path, running: Demo) -> None:
    process = subprocess.Popen(
        argv_of("share", str(photos), "--at", coordinator(running)),
        env=env_of(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(2)]
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0
    assert lines[1].strip().startswith("http://photos-")
    assert "█" not in rest  # of no use in a file
    assert "Ctrl-C again" in errors


@pytest.mark.parametrize(
    "upstream, name",
    [
        (parse_upstream("3000"), "port-3000"),
        (parse_upstream("unix:/run/blog.sock"), "blog"),
        (UpstreamAddress("localhost", 80, folder="/home/a/Photos"), "photos"),
        (UpstreamAddress("localhost", 80, folder="/a/Côte d’Azur (2026)"), "cote-dazur-2026"),
        (UpstreamAddress("localhost", 80, folder="/a/写真"), "files"),
        (UpstreamAddress("localhost", 80, folder="/"), "files"),
        (UpstreamAddress("localhost", 80, folder="/a/static"), "my-static"),
        (UpstreamAddress("localhost", 80, folder="/a/" + "x-" * 40), "x-" * 15 + "x"),
    ],
)
def test_an_app_is_named_after_what_it_is(upstream: UpstreamAddress, name: str) -> None:
    assert name_for(upstream) == name
    assert APP_NAME.fullmatch(name)


def progress(*visitors: str, online: bool = True) -> dict[str, Any]:
    more = {"path": "direct", "software": "x", "age_s": 1, "bytes_in": 0, "bytes_out": 0}
    return {
        "app": "a",
        "url": "u",
        "key_url": "k",
        "upstream": "3000",
        "coordinator": "c",
        "online": online,
        "last_error": "gone" if not online else None,
        "sessions": [{"id": name, "rtt_ms": None, **more} for name in visitors],
    }


def test_the_news_are_what_changed() -> None:
    news = News()
    kinds = [
        [event["event"] for event in news.of(now)]
        for now in (
            progress(online=False),
            progress("one"),
            progress("one", "two"),
            progress("two", online=False),
            progress("two", online=False),
            progress("two"),
        )
    ]
    assert kinds == [[], ["shared", "visitor"], ["visitor"], ["offline", "left"], [], ["online"]]
    assert [event["id"] for event in news.lost()] == ["two"]
