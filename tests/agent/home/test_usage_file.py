"""p2claw.agent.home.usage_file: counts are kept, within bounds, and whole whatever happens."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from p2claw.agent.home.usage_file import APPS, MONTHS, OTHERS, Moved, UsageFile
from p2claw.errors import UsageError

KILLS = 8

ONE = Moved(1, 2, 3, 4, 5)

# Adds the same to each column of two apps, for ever.
WRITER = """
import sys
from pathlib import Path
from p2claw.agent.home.usage_file import Moved, UsageFile
file, more = UsageFile(Path(sys.argv[1])), Moved(1, 1, 1, 1, 1)
file.add("2026-11", {"dog": more, "cat": more})
print("begun", flush=True)
while True:
    file.add("2026-11", {"dog": more, "cat": more})
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "usage.db"


@pytest.fixture
def file(path: Path) -> Iterator[UsageFile]:
    with closing(UsageFile(path)) as file:
        yield file


def test_what_is_added_is_kept(file: UsageFile, path: Path) -> None:
    file.add("2026-10", {"dog": ONE})
    file.add("2026-11", {"dog": ONE, "cat": ONE})
    file.add("2026-11", {"dog": ONE})
    file.close()
    with closing(UsageFile(path)) as again:
        assert again.months() == {
            "2026-11": {"cat": ONE, "dog": Moved(2, 4, 6, 8, 10)},
            "2026-10": {"dog": ONE},
        }


def test_the_file_is_for_its_owner_alone(file: UsageFile, path: Path) -> None:
    file.add("2026-11", {"dog": ONE})
    assert {one.stat().st_mode & 0o077 for one in path.parent.glob("usage.db*")} == {0}


def test_the_newest_months_are_kept(file: UsageFile) -> None:
    names = [f"{2020 + number // 12}-{number % 12 + 1:02}" for number in range(MONTHS + 3)]
    for month in names:
        file.add(month, {"dog": ONE})
    assert list(file.months()) == names[: -MONTHS - 1 : -1]


def test_the_apps_of_a_month_have_a_bound(file: UsageFile) -> None:
    file.add("2026-11", {f"app-{number}": ONE for number in range(APPS)})
    file.add("2026-11", {"late": ONE, "later": ONE, "app-7": ONE})
    month = file.months()["2026-11"]
    assert len(month) == APPS + 1
    assert month[OTHERS] == month["app-7"] == ONE + ONE
    file.add("2026-11", {"late": ONE}, {"late"})
    assert file.months()["2026-11"]["late"] == ONE
    file.add("2026-12", {"late": ONE})
    assert list(file.months()["2026-12"]) == ["late"]


def test_numbers_are_larger_than_any_line_moves(file: UsageFile) -> None:
    huge = Moved(1, 10**17, 10**17, 10**17, 10**17)
    for _ in range(3):
        file.add("2026-11", {"dog": huge})
    assert file.months()["2026-11"]["dog"].bytes == 12 * 10**17


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_change_is_an_error(path: Path, mode: int) -> None:
    UsageFile(path).close()
    path.chmod(mode)
    with pytest.raises(UsageError) as raised:
        UsageFile(path)
    assert raised.value.code == "usage-exposed"


@pytest.mark.parametrize("content", [b"rubbish" * 1000, b"SQLite format 3\0" + b"\xff" * 8000])
def test_a_file_that_is_damaged_is_an_error_and_no_new_beginning(
    path: Path, content: bytes
) -> None:
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(UsageError) as raised:
        UsageFile(path)
    assert raised.value.code == "usage-damaged"
    assert path.read_bytes() == content


def test_a_page_that_is_overwritten_is_an_error(file: UsageFile, path: Path) -> None:
    file.add("2026-11", {f"app-{number}": ONE for number in range(500)})
    file.close()
    content = bytearray(path.read_bytes())
    content[-3000:] = random.Random(1).randbytes(3000)
    path.write_bytes(content)
    with pytest.raises(UsageError) as raised:
        UsageFile(path)
    assert raised.value.code == "usage-damaged"


def test_a_file_of_a_newer_version_is_an_error(file: UsageFile, path: Path) -> None:
    file.close()
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 2")
    with pytest.raises(UsageError) as raised:
        UsageFile(path)
    assert raised.value.code == "usage-newer"


def test_a_place_where_nothing_can_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError) as raised:
        UsageFile(tmp_path / "file" / "usage.db")
    assert raised.value.code == "usage-unwritable"


def test_a_kill_at_any_moment_leaves_whole_counts_that_only_grow(path: Path) -> None:
    chance, before = random.Random(7), 0
    for _ in range(KILLS):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        with writer.stdout:
            assert writer.stdout.readline() == "begun\n"
            with suppress(subprocess.TimeoutExpired):
                writer.wait(chance.uniform(0.0, 0.1))
            writer.send_signal(signal.SIGKILL)
            writer.wait(20)
        with closing(UsageFile(path)) as found:
            month = found.months().get("2026-11", {})
        dog = month.get("dog", Moved())
        assert month.get("cat", Moved()) == dog == Moved(*[dog.visits] * 5)
        assert dog.visits > before
        before = dog.visits
