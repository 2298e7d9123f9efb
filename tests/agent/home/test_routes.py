"""The routes file: whole, private, shared safely; damage is an error and never "no apps"."""

from __future__ import annotations

import fcntl
import json
import os
import stat
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from p2claw import locked_file
from p2claw.agent.home import routes
from p2claw.agent.home.routes import Route, RouteFile, route_from
from p2claw.agent.upstream.address import parse_upstream
from p2claw.errors import UsageError

DOG = Route("dog", parse_upstream("3000"))
CAT = Route("cat", parse_upstream("unix:/cat.sock"), preserve_host=True, chunked=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "routes.json"


def load_refused(path: Path) -> str:
    with pytest.raises(UsageError) as caught:
        RouteFile(path).load()
    return caught.value.code


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_without_a_file_there_are_no_routes(path: Path) -> None:
    assert dict(RouteFile(path).load()) == {}


def test_reading_makes_no_file(path: Path) -> None:
    RouteFile(path).load()
    assert not path.parent.exists()


def test_routes_are_read_back_as_they_were_put(path: Path) -> None:
    RouteFile(path).put(DOG)
    RouteFile(path).put(CAT)
    assert dict(RouteFile(path).load()) == {"dog": DOG, "cat": CAT}


def test_the_file_has_the_documented_form(path: Path) -> None:
    RouteFile(path).put(DOG)
    assert json.loads(path.read_text()) == {
        "version": 1,
        "routes": {"dog": {"upstream": "http://localhost:3000", "preserve_host": False}},
    }


def test_a_second_put_replaces_the_route(path: Path) -> None:
    RouteFile(path).put(DOG)
    moved = Route("dog", parse_upstream("4000"))
    assert dict(RouteFile(path).put(moved)) == {"dog": moved}


def test_a_removed_route_is_gone(path: Path) -> None:
    RouteFile(path).put(DOG)
    RouteFile(path).put(CAT)
    assert dict(RouteFile(path).remove("dog")) == {"cat": CAT}


def test_removing_what_is_not_there_is_an_error(path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        RouteFile(path).remove("dog")
    assert caught.value.code == "app-unknown"


@pytest.mark.parametrize(
    ("app", "code"), [("Dog!", "app-name-invalid"), ("admin", "app-name-reserved")]
)
def test_a_name_that_breaks_the_grammar_is_refused(path: Path, app: str, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        RouteFile(path).put(Route(app, DOG.upstream))
    assert caught.value.code == code


def test_one_app_too_many_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "ROUTES", 1)
    RouteFile(path).put(DOG)
    with pytest.raises(UsageError) as caught:
        RouteFile(path).put(CAT)
    assert caught.value.code == "routes-full"
    assert dict(RouteFile(path).load()) == {"dog": DOG}


def test_the_file_is_for_its_owner_alone(path: Path) -> None:
    RouteFile(path).put(DOG)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_half_written_file_is_left(path: Path) -> None:
    RouteFile(path).put(DOG)
    assert {entry.name for entry in path.parent.iterdir()} == {"routes.json", "routes.lock"}


def put_ten(path: Path, first: int) -> None:
    for number in range(first, first + 10):
        RouteFile(path).put(Route(f"app{number}", DOG.upstream))


def test_processes_that_write_at_once_lose_nothing(path: Path) -> None:
    with ProcessPoolExecutor(3) as pool:
        list(pool.map(put_ten, [path] * 3, [0, 10, 20]))
    assert set(RouteFile(path).load()) == {f"app{number}" for number in range(30)}


def test_a_lock_that_is_never_released_is_an_error(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locked_file, "LOCK_WAIT_S", 0.0)
    path.parent.mkdir()
    with path.with_suffix(".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(UsageError) as caught:
            RouteFile(path).put(DOG)
    assert caught.value.code == "routes-locked"


GOOD = '{"upstream": "3000"}'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"version": 1}',
        '{"version": 2, "routes": {}}',
        '{"version": 1, "routes": []}',
        '{"version": 1, "routes": {}, "more": 1}',
        '{"version": 1, "routes": {"dog": "3000"}}',
        '{"version": 1, "routes": {"dog": {}}}',
        '{"version": 1, "routes": {"dog": {"upstream": 3000}}}',
        '{"version": 1, "routes": {"dog": {"upstream": "3000", "preserve_host": 1}}}',
        '{"version": 1, "routes": {"dog": {"upstream": "3000", "password": "x"}}}',
        '{"version": 1, "routes": {"dog": {"upstream": "http://example.com"}}}',
        '{"version": 1, "routes": {"dog": {"upstream": "3000", "spa": true}}}',
        '{"version": 1, "routes": {"DOG": ' + GOOD + "}}",
        '{"version": 1, "routes": {"dog": ' + GOOD + ', "dog": ' + GOOD + "}}",
        "[" * 100_000,
        " " * (1 << 20) + "{}",
    ],
    ids=lambda text: text[:60],
)
def test_damage_is_an_error(path: Path, text: str) -> None:
    assert load_refused(written(path, text)) == "routes-damaged"


def test_a_damaged_file_is_not_overwritten(path: Path) -> None:
    written(path, "{")
    with pytest.raises(UsageError):
        RouteFile(path).put(DOG)
    assert path.read_text() == "{"


def test_a_damaged_file_names_which_app_is_wrong(path: Path) -> None:
    written(path, '{"version": 1, "routes": {"dog": {"upstream": "http://example.com"}}}')
    with pytest.raises(UsageError, match=r"'dog': example\.com is not this machine"):
        RouteFile(path).load()


def test_a_file_that_others_may_write_is_an_error(path: Path) -> None:
    RouteFile(path).put(DOG)
    path.chmod(0o622)
    assert load_refused(path) == "routes-exposed"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_an_error(path: Path) -> None:
    RouteFile(path).put(DOG)
    os.chown(path, 12345, 12345)
    assert load_refused(path) == "routes-exposed"


def test_a_directory_in_its_place_is_an_error(path: Path) -> None:
    path.mkdir(parents=True)
    assert load_refused(path) in ("routes-damaged", "routes-exposed")


def test_a_route_of_the_local_api_is_read_by_the_same_rules() -> None:
    assert route_from("dog", {"upstream": "3000"}) == DOG
