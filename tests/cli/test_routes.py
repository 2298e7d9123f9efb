"""expose, unexpose and routes: where no agent runs, and with one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.demos import Demo
from tests.cli.program import on_a_terminal, p2claw


def test_without_an_agent_an_app_is_written_down_and_this_is_printed(home: Path) -> None:
    ran = p2claw(home, "expose", "dog", "3000")
    written = json.loads((home / "routes.json").read_text())["routes"]
    assert (ran.code, list(written)) == (0, ["dog"])
    assert "no agent runs" in ran.err


def test_without_an_agent_there_is_no_url(home: Path) -> None:
    facts = p2claw(home, "expose", "dog", "3000", "--preserve-host", "--json").json
    assert facts == {
        "app": "dog",
        "upstream": "http://localhost:3000",
        "preserve_host": True,
        "chunked": False,
        "guarded": [],
        "monthly_bytes": None,
        "spa": False,
        "writable": "",
        "unlisted": False,
        "url": None,
        "key_url": None,
        "agent_running": False,
        "upstream_listens": False,
        "certificate": None,
        "login": None,
    }


def test_an_unlisted_app_keeps_its_name_for_the_same_upstream(home: Path) -> None:
    names = []
    for arguments in (("photos", "3000"), ("photos", "3000"), ("photos", "3001")):
        facts = p2claw(home, "expose", *arguments, "--unlisted", "--json").json
        assert facts["unlisted"]
        names.append(facts["app"])
    first, again, other = names
    assert first == again != other
    assert first.startswith("photo-") and len(first) == 32
    moved = p2claw(home, "expose", first, "3002", "--unlisted", "--json").json
    assert (moved["app"], moved["upstream"]) == (first, "http://localhost:3002")


def test_a_folder_is_written_down_from_the_root(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    facts = p2claw(home, "expose", "dog", f"{tmp_path}/x/../site/", "--spa", "--json").json
    assert (facts["upstream"], facts["upstream_listens"]) == (f"folder:{folder}", True)
    assert p2claw(home, "routes", "--json").json["routes"][0]["spa"] is True


def test_a_folder_is_written_down_as_writable(home: Path, tmp_path: Path) -> None:
    for more, kind in (("--writable",), "add"), (("--writable", "--overwrite"), "replace"):
        facts = p2claw(home, "expose", "dog", str(tmp_path), *more, "--json").json
        assert facts["writable"] == kind
        assert p2claw(home, "routes", "--json").json["routes"][0]["writable"] == kind
    assert "guards the app" in p2claw(home, "expose", "dog", str(tmp_path), "--writable").err
    p2claw(home, "expose", "dog", str(tmp_path))
    assert "writable" not in p2claw(home, "routes", "--json").json["routes"][0]


@pytest.mark.parametrize(
    "upstream, more, code",
    [
        ("./nowhere", (), "folder-missing"),
        ("/etc/passwd", (), "folder-missing"),
        ("3000", ("--spa",), "spa-no-folder"),
        ("3000", ("--writable",), "writable-no-folder"),
        ("/tmp", ("--overwrite",), "writable-no-folder"),
        ("/tmp", ("--writable", "--spa"), "writable-spa"),
    ],
)
def test_what_is_no_folder_is_refused(
    home: Path, upstream: str, more: tuple[str, ...], code: str
) -> None:
    ran = p2claw(home, "expose", "dog", upstream, *more, "--json")
    assert (ran.code, ran.error["code"]) == (2, code)


def test_what_was_exposed_is_listed(home: Path) -> None:
    p2claw(home, "expose", "dog", "unix:/run/dog.sock")
    listed = p2claw(home, "routes", "--json").json
    assert [(entry["app"], entry["upstream"]) for entry in listed["routes"]] == [
        ("dog", "unix:/run/dog.sock")
    ]


def test_no_routes_are_an_empty_list_and_a_note(home: Path) -> None:
    ran = p2claw(home, "routes")
    assert (ran.code, ran.out) == (0, "")
    assert "no app is exposed" in ran.err


def test_unexpose_removes_it(home: Path) -> None:
    p2claw(home, "expose", "dog", "3000")
    assert p2claw(home, "unexpose", "dog").code == 0
    assert p2claw(home, "routes", "--json").json["routes"] == []


def test_an_unknown_app_cannot_be_unexposed(home: Path) -> None:
    ran = p2claw(home, "unexpose", "dog", "--json")
    assert (ran.code, ran.error["code"]) == (3, "app-unknown")


@pytest.mark.parametrize(
    "name, upstream, code",
    [
        ("Dog!", "3000", "app-name-invalid"),
        ("www", "3000", "app-name-reserved"),
        ("dog", "99999", "upstream-port"),
        ("dog", "http://192.0.2.7:80", "upstream-not-loopback"),
        ("dog", "https://localhost:1", "upstream-certificate"),
        ("dog", "wss://localhost", "upstream-scheme"),
    ],
)
def test_what_cannot_be_exposed_is_wrong_usage(
    home: Path, name: str, upstream: str, code: str
) -> None:
    ran = p2claw(home, "expose", name, upstream, "--json")
    assert (ran.code, ran.error["code"]) == (2, code)


def test_damaged_routes_are_an_error_and_stay_as_they_are(home: Path) -> None:
    (home / "routes.json").write_text("{")
    (home / "routes.json").chmod(0o600)
    ran = p2claw(home, "expose", "dog", "3000", "--json")
    assert (ran.code, ran.error["code"]) == (1, "routes-damaged")
    assert (home / "routes.json").read_text() == "{"


def test_with_an_agent_expose_prints_the_url_and_on_a_terminal_its_qr_code(running: Demo) -> None:
    upstream = running.facts["upstream"]
    try:
        ran = p2claw(running.box_home, "expose", "second", upstream)
        url = running.url.replace("tidepool-", "second-")
        assert ran.out == f"{url}\n"
        shown = on_a_terminal(running.box_home, "expose", "second", upstream)
        assert shown.splitlines()[0] == url
        assert "▄" in shown
        bare = on_a_terminal(running.box_home, "expose", "second", upstream, "--no-qr")
        assert bare.splitlines() == [url]
    finally:
        assert p2claw(running.box_home, "unexpose", "second", "--json").json == {
            "app": "second",
            "agent_running": True,
        }


def test_with_an_agent_routes_have_urls(running: Demo) -> None:
    listed = p2claw(running.box_home, "routes", "--json").json
    assert listed["agent_running"]
    assert [entry["url"] for entry in listed["routes"]] == [running.url]


def test_an_agent_refuses_with_its_own_code(running: Demo) -> None:
    ran = p2claw(running.box_home, "unexpose", "nobody", "--json")
    assert (ran.code, ran.error["code"]) == (3, "app-unknown")
