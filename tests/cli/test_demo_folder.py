"""The folder of a demo."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from p2claw.cli.demo.folder import only_demo
from p2claw.errors import UsageError


def test_it_is_made_for_its_owner_alone_and_so_is_what_is_above_it(tmp_path: Path) -> None:
    with only_demo(tmp_path / "above" / "demo"):
        made = (tmp_path / "above", tmp_path / "above" / "demo")
        assert [stat.S_IMODE(folder.stat().st_mode) for folder in made] == [0o700, 0o700]


def test_it_is_held_by_one_demo_at_a_time(tmp_path: Path) -> None:
    with only_demo(tmp_path), pytest.raises(UsageError) as raised, only_demo(tmp_path):
        pass
    assert raised.value.code == "demo-running"


def test_it_is_free_again_afterwards(tmp_path: Path) -> None:
    for _ in range(2):
        with only_demo(tmp_path):
            pass


def test_a_place_that_cannot_be_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError) as raised, only_demo(tmp_path / "file" / "demo"):
        pass
    assert raised.value.code == "data-unwritable"
