"""Guarded apps on the command line: expose, invite, enter by fetch, revoke."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.demos import Demo
from tests.cli.program import Ran, p2claw

PASSWORD = "correct horse battery"


@pytest.fixture
def secret(home: Path) -> Path:
    file = home / "password"
    file.write_text(PASSWORD + "\n")
    return file


@pytest.fixture
def guarded(running: Demo, secret: Path) -> Iterator[dict[str, Any]]:
    """The sample app once more, under a name of its own, for those who know the password."""
    demo = running.box_home
    upstream = p2claw(demo, "routes", "--json").json["routes"][0]["upstream"]
    exposed = p2claw(demo, "expose", "club", upstream, "--password-file", str(secret), "--json")
    yield exposed.json
    p2claw(demo, "unexpose", "club")


def visit(home: Path, url: str, *options: str) -> Ran:
    return p2claw(home, "fetch", *options, url)


def test_fetch_enters_by_the_password_and_not_without(
    home: Path, secret: Path, guarded: dict[str, Any]
) -> None:
    page = f"{guarded['url']}status/200"
    outside = visit(home, page, "--fail")
    assert (outside.code, outside.out) == (6, "")
    assert "access-required" in outside.err
    assert "--password-file" in outside.err
    hint = visit(home, page)
    assert "the app is guarded" in hint.err
    assert visit(home, page, "--password-file", str(secret)).out == "status 200\n"
    secret.write_text("another password\n")
    wrong = visit(home, page, "--password-file", str(secret), "--json")
    assert wrong.error["code"] == "access-refused"
    assert wrong.code != 0


def test_an_invitation_lets_in_until_it_is_revoked(
    running: Demo, home: Path, guarded: dict[str, Any]
) -> None:
    demo = running.box_home
    made = p2claw(demo, "invite-visitor", "club", "--for", "1h", "--uses", "2", "--json").json
    page = made["url"].replace("/#", "/status/200#")
    assert visit(home, page).out == "status 200\n"
    (listed,) = p2claw(demo, "invitations", "list", "--json").json["invitations"]
    assert (listed["id"], listed["app"], listed["used"]) == (made["id"], "club", 1)
    assert made["token"] not in str(listed)
    assert p2claw(demo, "invitations", "revoke", made["id"]).code == 0
    assert visit(home, page, "--json").error["code"] == "access-refused"
    assert p2claw(demo, "invitations", "revoke", "nobody", "--json").error["code"] == (
        "invitation-unknown"
    )


def test_the_owner_sees_who_is_inside_and_puts_one_out(
    running: Demo, home: Path, guarded: dict[str, Any]
) -> None:
    demo = running.box_home
    made = p2claw(demo, "invite-visitor", "club", "--name", "ada", "--uses", "2", "--json").json
    page = made["url"].replace("/#", "/status/200#")
    for _ in range(2):
        assert visit(home, page).out == "status 200\n"
    listed = p2claw(demo, "access", "list", "--app", "club", "--json").json["sessions"]
    assert {(one["user"], one["way"], one["invitation"]) for one in listed} == {
        ("ada", "invitation", made["id"])
    }
    assert [one["id"] in p2claw(demo, "access", "list").out for one in listed] == [True, True]
    gone = p2claw(demo, "access", "end", listed[0]["id"], "--json")
    assert (gone.code, gone.json["id"], gone.json["app"]) == (0, listed[0]["id"], "club")
    left = p2claw(demo, "access", "list", "--app", "club", "--json").json["sessions"]
    assert [one["id"] for one in left] == [listed[1]["id"]]
    again = p2claw(demo, "access", "end", listed[0]["id"], "--json")
    assert (again.code, again.error["code"]) == (3, "session-unknown")
    assert p2claw(demo, "access", "end", "Nobody", "--json").error["code"] == "session-unknown"


def test_routes_and_status_show_how_an_app_is_guarded_and_no_secret(
    running: Demo, guarded: dict[str, Any]
) -> None:
    for verb, key in (("routes", "routes"), ("status", "apps")):
        ran = p2claw(running.box_home, verb, "--json")
        (club,) = (entry for entry in ran.json[key] if entry["app"] == "club")
        assert club["guarded"] == ["password", "invitation"]
        assert "argon2" not in ran.out


def test_an_app_without_a_guard_has_no_invitation(running: Demo) -> None:
    app = p2claw(running.box_home, "routes", "--json").json["routes"][0]["app"]
    ran = p2claw(running.box_home, "invite-visitor", app, "--json")
    assert ran.error["code"] == "app-not-guarded"


def test_an_app_that_is_public_again_lets_everybody_in(
    running: Demo, home: Path, guarded: dict[str, Any]
) -> None:
    again = p2claw(running.box_home, "expose", "club", guarded["upstream"], "--json")
    assert visit(home, f"{again.json['url']}status/200", "--fail").code == 6
    p2claw(running.box_home, "expose", "club", guarded["upstream"], "--public", "--json")
    assert visit(home, f"{guarded['url']}status/200").out == "status 200\n"


def test_a_password_that_is_too_short_is_refused(running: Demo, home: Path) -> None:
    short = home / "short"
    short.write_text("x\n")
    ran = p2claw(running.box_home, "expose", "hut", "3000", "--password-file", str(short), "--json")
    assert (ran.code, ran.error["code"]) == (2, "password-too-short")
