"""The file of known boxes."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path

import pytest

from p2claw.errors import UsageError
from p2claw.visitor.pins import Pin, PinStore

ONE, OTHER = "a" * 52, "b" * 52


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "known_boxes.json"


def test_nothing_is_known_at_first(path: Path) -> None:
    assert PinStore(path).get("dog-crab.example") is None


def test_a_key_is_remembered(path: Path) -> None:
    PinStore(path).add("dog-crab.example", ONE)
    assert PinStore(path).get("dog-crab.example") == Pin(ONE)


def test_the_first_key_of_a_host_stays(path: Path) -> None:
    pins = PinStore(path)
    pins.add("dog-crab.example", ONE)
    pins.add("dog-crab.example", OTHER)
    assert pins.get("dog-crab.example") == Pin(ONE)


def test_only_its_owner_can_read_it(path: Path) -> None:
    PinStore(path).add("dog-crab.example", ONE)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_nothing_partial_is_left(path: Path) -> None:
    PinStore(path).add("dog-crab.example", ONE)
    assert sorted(p.name for p in path.parent.iterdir()) == ["known_boxes.json", "known_boxes.lock"]


def test_it_is_in_the_home_of_its_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P2CLAW_HOME", str(tmp_path))
    assert PinStore.of_home().path == tmp_path / "known_boxes.json"


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"boxes": 1}', '{"boxes": {"h": "short"}}', '{"boxes": {"h": 1}}']
)
def test_a_damaged_file_is_an_error_and_stays_as_it_is(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        PinStore(path).get("h")
    assert caught.value.code == "known-boxes-damaged"
    with pytest.raises(UsageError):
        PinStore(path).add("h", ONE)
    assert path.read_text() == text


def test_a_file_that_others_may_change_is_not_trusted(path: Path) -> None:
    PinStore(path).add("dog-crab.example", ONE)
    path.chmod(0o622)
    with pytest.raises(UsageError) as caught:
        PinStore(path).get("dog-crab.example")
    assert caught.value.code == "known-boxes-exposed"


def _add_ten(path: Path, writer: int) -> None:
    for number in range(10):
        PinStore(path).add(f"app{number}-box{writer}.example", ONE)


def test_writers_at_the_same_time_lose_nothing(path: Path) -> None:
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_add_ten, args=(path, number)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=20)
    pins = PinStore(path)
    hosts = [f"app{number}-box{writer}.example" for number in range(10) for writer in range(4)]
    assert [host for host in hosts if pins.get(host) != Pin(ONE)] == []


TWO, THREE = OTHER, "c" * 52


def test_a_key_that_follows_the_one_that_is_known_takes_its_place(path: Path) -> None:
    pins = PinStore(path)
    pins.add("dog-crab.example", ONE)
    pins.follow("dog-crab.example", [TWO, ONE])
    pins.follow("dog-crab.example", [THREE, TWO])
    assert PinStore(path).get("dog-crab.example") == Pin(THREE, (TWO, ONE))


def test_a_key_that_follows_another_changes_nothing(path: Path) -> None:
    pins = PinStore(path)
    pins.add("dog-crab.example", ONE)
    pins.follow("dog-crab.example", [THREE, TWO])
    pins.follow("cat-crab.example", [THREE, TWO])
    assert pins.get("dog-crab.example") == Pin(ONE)
    assert pins.get("cat-crab.example") is None


def test_a_file_of_before_keys_were_followed_is_read(path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    path.write_text(json.dumps({"version": 1, "boxes": {"dog-crab.example": ONE}}))
    path.chmod(0o600)
    assert PinStore(path).get("dog-crab.example") == Pin(ONE)
