"""A database that is not the one that was here last, whole, is refused, and never made anew."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from p2claw.coord.store.backup import backup, check, restore
from p2claw.coord.store.life import DATABASE, NOTE, WRITE_AHEAD_LOG
from p2claw.coord.store.schema import SCHEMAS
from p2claw.coord.store.sqlite import SqliteStore
from p2claw.errors import UsageError

KEYS = [bytes([number]) * 32 for number in range(1, 4)]
# A server that dies: what it wrote last is in the write-ahead log alone.
_DIES = """
import asyncio, os, signal, sys
from pathlib import Path
from p2claw.coord.store.sqlite import SqliteStore

async def main():
    store = await SqliteStore.open(Path(sys.argv[1]))
    await store.add_box(bytes([9]) * 32, "nine", iter(["lastfox"]), 1)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


@contextmanager
def changing(path: Path) -> Iterator[sqlite3.Connection]:
    """As another program does it, and closes the file."""
    with closing(sqlite3.connect(path)) as other, other:
        yield other


async def lived(folder: Path, *keys: bytes) -> None:
    """Open a store, register boxes, and close it."""
    store = await SqliteStore.open(folder)
    for key in keys:
        await store.add_box(key, key.hex(), iter([f"name{key[0]}"]), 1)
    await store.close()


async def names(folder: Path) -> list[str]:
    store = await SqliteStore.open(folder)
    found = sorted(entry.record.alias for entry in await store.boxes())
    await store.close()
    return found


def killed(folder: Path) -> None:
    done = subprocess.run([sys.executable, "-c", _DIES, str(folder)], timeout=30, check=False)
    assert done.returncode == -signal.SIGKILL


async def refusal(folder: Path) -> UsageError:
    database = folder / DATABASE
    before = database.exists() and database.read_bytes()
    with pytest.raises(UsageError) as refused:
        await SqliteStore.open(folder)
    assert before == (database.exists() and database.read_bytes())
    return refused.value


def empty(folder: Path) -> None:
    (folder / DATABASE).write_bytes(b"")


def remove(folder: Path) -> None:
    (folder / DATABASE).unlink()


def replace_by_another(folder: Path) -> None:
    (folder / DATABASE).unlink()
    with changing(folder / DATABASE) as other:
        for number, schema in enumerate(SCHEMAS, 1):
            other.executescript(f"{schema} PRAGMA user_version = {number};")


def replace_by_an_empty_database(folder: Path) -> None:
    (folder / DATABASE).unlink()
    with changing(folder / DATABASE) as other:
        other.execute("PRAGMA user_version = 0")
        other.execute("CREATE TABLE other (a)")


def damage_a_row(folder: Path) -> None:
    with changing(folder / DATABASE) as other:
        other.execute("UPDATE boxes SET apps = '[' WHERE alias = 'name2'")


def damage_a_page(folder: Path) -> None:
    with (folder / DATABASE).open("r+b") as file:
        content = file.read()
        at = content.rindex(b"name1")
        file.seek(at - 40)
        file.write(os.urandom(36))


@pytest.mark.parametrize(
    ("harm", "code"),
    [
        (empty, "data-empty"),
        (remove, "data-lost"),
        (replace_by_another, "data-older"),
        (replace_by_an_empty_database, "data-empty"),
        (damage_a_row, "data-damaged"),
        (damage_a_page, "data-damaged"),
    ],
)
async def test_what_is_not_whole_is_refused_and_names_the_way_out(
    tmp_path: Path, harm: Callable[[Path], None], code: str
) -> None:
    await lived(tmp_path, *KEYS)
    copy = tmp_path.parent / f"{tmp_path.name}.copy"
    backup(tmp_path, copy, overwrite=False)
    harm(tmp_path)
    refused = await refusal(tmp_path)
    assert refused.code == code
    assert "p2claw server restore" in refused.hint
    restore(copy, tmp_path)
    assert await names(tmp_path) == ["name1", "name2", "name3"]


async def test_a_server_that_was_killed_finds_what_it_wrote_last(tmp_path: Path) -> None:
    await lived(tmp_path, *KEYS)
    killed(tmp_path)
    assert await names(tmp_path) == ["lastfox", "name1", "name2", "name3"]


async def test_without_its_write_ahead_log_a_database_is_of_a_past_life(tmp_path: Path) -> None:
    await lived(tmp_path, *KEYS)
    killed(tmp_path)
    (tmp_path / WRITE_AHEAD_LOG).unlink()
    assert (await refusal(tmp_path)).code == "data-log-lost"


async def test_an_older_copy_put_there_by_hand_is_refused(tmp_path: Path) -> None:
    await lived(tmp_path, KEYS[0])
    copy = shutil.copy(tmp_path / DATABASE, tmp_path / "copy")
    await lived(tmp_path, KEYS[1])
    shutil.copy(copy, tmp_path / DATABASE)
    assert (await refusal(tmp_path)).code == "data-older"


async def test_a_database_of_before_notes_were_kept_is_accepted(tmp_path: Path) -> None:
    with changing(tmp_path / DATABASE) as other:
        other.executescript(f"{SCHEMAS[0]} {SCHEMAS[1]} PRAGMA user_version = 2;")
        row = (KEYS[0], "purplecrab", "key", 1)
        other.execute("INSERT INTO boxes VALUES (?, ?, ?, ?, '[]', NULL)", row)
    assert await names(tmp_path) == ["purplecrab"]
    assert (tmp_path / NOTE).exists()


async def test_a_crash_while_it_is_made_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    (tmp_path / f"{DATABASE}.new").write_bytes(b"half")
    assert await names(tmp_path) == []


async def test_only_their_owner_reads_the_files(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    store = await SqliteStore.open(tmp_path / "data")
    await store.add_box(KEYS[0], "key", iter(["purplecrab"]), 1)
    backup(tmp_path / "data", tmp_path / "elsewhere/copy", overwrite=False)
    written = [*(tmp_path / "data").iterdir(), tmp_path / "elsewhere/copy"]
    assert len(written) >= 5
    assert {path.name: path.stat().st_mode & 0o077 for path in written if path.is_file()} == (
        dict.fromkeys((path.name for path in written), 0)
    )
    await store.close()


async def test_a_backup_while_the_server_runs_is_what_it_has_acknowledged(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path)
    await store.add_box(KEYS[0], "key", iter(["purplecrab"]), 1)
    made = backup(tmp_path, tmp_path / "copy", overwrite=False)
    await store.add_box(KEYS[1], "key2", iter(["redfox"]), 1)
    assert (made.boxes, made.damage) == (1, ())
    with pytest.raises(UsageError) as exists:
        backup(tmp_path, tmp_path / "copy", overwrite=False)
    assert exists.value.code == "backup-exists"
    assert backup(tmp_path, tmp_path / "copy", overwrite=True).boxes == 2
    with pytest.raises(UsageError) as in_use:
        restore(tmp_path / "copy", tmp_path)
    assert in_use.value.code == "data-in-use"
    await store.close()
    assert await names(tmp_path) == ["purplecrab", "redfox"]


async def test_a_check_after_a_crash_leaves_the_server_able_to_start(tmp_path: Path) -> None:
    await lived(tmp_path, *KEYS)
    killed(tmp_path)
    assert check(tmp_path).boxes == 4
    assert len(await names(tmp_path)) == 4


async def test_what_is_replaced_is_kept_beside_it(tmp_path: Path) -> None:
    await lived(tmp_path, KEYS[0])
    backup(tmp_path, tmp_path / "copy", overwrite=False)
    await lived(tmp_path, KEYS[1])
    _, replaced = restore(tmp_path / "copy", tmp_path)
    assert restore(tmp_path / "copy", tmp_path)[1] != replaced  # also within one second
    assert await names(tmp_path) == ["name1"]
    assert replaced is not None
    with changing(replaced) as before:
        assert before.execute("SELECT count(*) FROM boxes").fetchone() == (2,)


@pytest.mark.parametrize(
    ("content", "code"),
    [(None, "data-empty"), (b"", "data-empty"), (b"no database\n" * 500, "data-unusable")],
)
async def test_what_is_no_backup_changes_nothing(
    tmp_path: Path, content: bytes | None, code: str
) -> None:
    await lived(tmp_path, *KEYS)
    if content is not None:
        (tmp_path / "copy").write_bytes(content)
    with pytest.raises(UsageError) as refused:
        restore(tmp_path / "copy", tmp_path)
    assert refused.value.code == code
    assert len(await names(tmp_path)) == 3


async def test_a_damaged_database_is_checked_to_the_last_row_and_not_copied(
    tmp_path: Path,
) -> None:
    await lived(tmp_path, *KEYS)
    damage_a_row(tmp_path)
    assert check(tmp_path).damage == ("1 of the rows of boxes cannot be read",)
    with pytest.raises(UsageError) as damaged:
        backup(tmp_path, tmp_path / "copy", overwrite=False)
    assert damaged.value.code == "data-damaged"
    assert not (tmp_path / "copy").exists()
