"""The coordinators of a box: kept privately and wholly, whatever happens to whoever writes."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from p2claw.agent.home import coordinators
from p2claw.agent.home.coordinators import CoordinatorFile, Joined
from p2claw.errors import UsageError
from tests.support.killed import killed_at

A, B, C = "https://a.example", "https://b.example", "http://localhost:8787"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "coordinators.json"


def refused(change: Callable[[], object]) -> str:
    with pytest.raises(UsageError) as caught:
        change()
    return caught.value.code


def test_without_a_file_nothing_is_joined_and_no_file_is_made(path: Path) -> None:
    assert CoordinatorFile(path).load() == Joined()
    assert not path.parent.exists()


def test_what_was_joined_is_read_back_in_its_order(path: Path) -> None:
    for url in (B, A, C, A):
        CoordinatorFile(path).join(url)
    assert CoordinatorFile(path).load() == Joined((B, A, C))


def test_the_only_one_is_used_and_of_several_the_default(path: Path) -> None:
    file = CoordinatorFile(path)
    assert file.load().usual is None
    assert file.join(A).usual == A
    assert file.join(B).usual is None
    assert file.join(A, default=True).usual == A
    assert file.join(B).usual == A


def test_who_leaves_the_default_has_none(path: Path) -> None:
    file = CoordinatorFile(path)
    for url in (A, B, C):
        file.join(url, default=url == B)
    assert file.leave(B) == B
    assert file.load() == Joined((A, C))


def test_the_only_one_is_left_without_its_name(path: Path) -> None:
    CoordinatorFile(path).join(A)
    assert CoordinatorFile(path).leave(None) == A
    assert CoordinatorFile(path).load() == Joined()


def test_of_several_the_one_to_leave_is_named(path: Path) -> None:
    file = CoordinatorFile(path)
    file.join(A)
    file.join(B, default=True)
    assert refused(lambda: file.leave(None)) == "coordinator-ambiguous"


def test_what_was_not_joined_cannot_be_left(path: Path) -> None:
    assert refused(lambda: CoordinatorFile(path).leave(None)) == "coordinator-not-joined"
    CoordinatorFile(path).join(A)
    assert refused(lambda: CoordinatorFile(path).leave(B)) == "coordinator-not-joined"


def test_only_a_box_that_has_joined_none_remembers(path: Path) -> None:
    assert CoordinatorFile(path).remember(A).urls == (A,)
    assert CoordinatorFile(path).remember(B).urls == (A,)


def test_one_coordinator_too_many_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coordinators, "COORDINATORS", 1)
    CoordinatorFile(path).join(A)
    assert refused(lambda: CoordinatorFile(path).join(B)) == "coordinators-full"
    assert CoordinatorFile(path).load().urls == (A,)


def test_the_file_has_the_documented_form_and_is_for_its_owner_alone(path: Path) -> None:
    CoordinatorFile(path).join(A, default=True)
    assert json.loads(path.read_text()) == {"version": 1, "joined": [{"url": A}], "default": A}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


GOOD = '{"url": "https://a.example"}'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"version": 1, "joined": []}',
        '{"version": 2, "joined": [], "default": null}',
        '{"version": 1, "joined": {}, "default": null}',
        '{"version": 1, "joined": [], "default": null, "more": 1}',
        '{"version": 1, "joined": ["https://a.example"], "default": null}',
        '{"version": 1, "joined": [{"url": "a.example"}], "default": null}',
        '{"version": 1, "joined": [{"url": "https://A.example"}], "default": null}',
        '{"version": 1, "joined": [{"url": 1}], "default": null}',
        f'{{"version": 1, "joined": [{GOOD}, {GOOD}], "default": null}}',
        f'{{"version": 1, "joined": [{GOOD}], "default": "https://b.example"}}',
        f'{{"version": 1, "joined": [{GOOD}], "joined": [], "default": null}}',
        f'{{"version": 1, "joined": [{", ".join([GOOD] * 33)}], "default": null}}',
        " " * 70_000,
    ],
    ids=lambda text: text[:60],
)
def test_damage_is_an_error_and_is_not_overwritten(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    path.chmod(0o600)
    assert refused(lambda: CoordinatorFile(path).load()) == "coordinators-damaged"
    assert refused(lambda: CoordinatorFile(path).join(B)) == "coordinators-damaged"
    assert path.read_text() == text


def test_a_file_that_others_may_write_is_an_error(path: Path) -> None:
    CoordinatorFile(path).join(A)
    path.chmod(0o620)
    assert refused(lambda: CoordinatorFile(path).load()) == "coordinators-exposed"


def test_killed_at_any_line_it_leaves_the_old_content_or_the_new(path: Path) -> None:
    file = CoordinatorFile(path)
    file.join(A)
    old, new = Joined((A,)), Joined((A, B), B)
    found = set()
    line = 1
    while killed_at(line, lambda: file.join(B, default=True)):
        found.add(file.load())
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        if file.load() == new:
            file.leave(B)
        line += 1
    assert found == {old, new}
    # What killed processes left lying about is gone after the next change.
    file.leave(B)
    assert {entry.name for entry in path.parent.iterdir()} == {
        "coordinators.json",
        "coordinators.lock",
    }
