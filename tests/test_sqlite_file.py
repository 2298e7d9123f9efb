"""p2claw.sqlite_file: a commit lasts, and each step to a version is whole or not at all."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from p2claw.sqlite_file import open_sqlite, upgrade, version_of

FIRST = "CREATE TABLE one (a INTEGER) STRICT;"
SECOND = "CREATE TABLE two (b INTEGER) STRICT; INSERT INTO one VALUES (2);"


def tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}


def test_a_commit_is_on_the_disk_when_it_returns(tmp_path: Path) -> None:
    with closing(open_sqlite(tmp_path / "a.db")) as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
        assert connection.isolation_level is None


def test_a_file_is_brought_to_the_newest_version_and_stays_there(tmp_path: Path) -> None:
    with closing(open_sqlite(tmp_path / "a.db")) as connection:
        upgrade(connection, [FIRST])
        assert (version_of(connection), tables(connection)) == (1, {"one"})
        for _ in range(2):
            upgrade(connection, [FIRST, SECOND])
            assert (version_of(connection), tables(connection)) == (2, {"one", "two"})
        assert connection.execute("SELECT a FROM one").fetchall() == [(2,)]


def test_a_step_that_fails_leaves_nothing_of_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(open_sqlite(path)) as connection, pytest.raises(sqlite3.Error):
        upgrade(connection, [FIRST, SECOND + "INSERT INTO nowhere VALUES (1);"])
    with closing(open_sqlite(path)) as connection:
        assert (version_of(connection), tables(connection)) == (1, {"one"})
        assert connection.execute("SELECT a FROM one").fetchall() == []
