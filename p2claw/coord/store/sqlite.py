"""The store in one SQLite file, for one coordinator: write-ahead log, one thread, one writer."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from p2claw.coord.store.base import BoxRecord
from p2claw.errors import P2clawError, UsageError
from p2claw.file_lock import FileLock

SCHEMA_VERSION = 1

# What a disk that hangs may cost a registration before it is refused.
DEADLINE_S = 5.0

_SCHEMA = """
CREATE TABLE boxes (
    public_key BLOB PRIMARY KEY,
    alias TEXT NOT NULL UNIQUE,
    key_alias TEXT NOT NULL UNIQUE,
    registered_s INTEGER NOT NULL,
    apps TEXT NOT NULL DEFAULT '[]',
    announced_s INTEGER
) STRICT, WITHOUT ROWID;
CREATE TRIGGER alias_is_permanent BEFORE UPDATE OF public_key, alias, key_alias ON boxes
    BEGIN SELECT RAISE(ABORT, 'an alias is permanent'); END;
CREATE TRIGGER alias_is_never_reused BEFORE DELETE ON boxes
    BEGIN SELECT RAISE(ABORT, 'an alias is never reused'); END;
"""

_COLUMNS = "public_key, alias, key_alias, apps"

T = TypeVar("T")


class StoreError(P2clawError):
    """The store cannot be read or written."""

    code = "store-unavailable"


class SqliteStore:
    """`Store` over one file. Made by `open`, which also creates the folder and the file."""

    def __init__(self, connection: sqlite3.Connection, lock: FileLock, thread: ThreadPoolExecutor):
        self._connection = connection
        self._lock = lock
        self._thread = thread

    @classmethod
    async def open(cls, folder: Path) -> SqliteStore:
        """Open or create `coordinator.db` in a folder.

        Raises UsageError `data-in-use`, `data-unusable` or `data-newer`.
        """
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        try:
            loop = asyncio.get_running_loop()
            connection, lock = await loop.run_in_executor(thread, _open, folder)
        except BaseException:
            thread.shutdown(wait=False)
            raise
        return cls(connection, lock, thread)

    async def box_of_key(self, public_key: bytes) -> BoxRecord | None:
        return await self._run(lambda: self._one("public_key = ?", public_key))

    async def box_of_alias(self, alias: str) -> BoxRecord | None:
        return await self._run(lambda: self._one("alias = ?1 OR key_alias = ?1", alias))

    async def add_box(
        self, public_key: bytes, key_alias: str, candidates: Iterator[str], now_s: int
    ) -> BoxRecord:
        return await self._run(lambda: self._add(public_key, key_alias, candidates, now_s))

    async def save_apps(self, public_key: bytes, apps: tuple[str, ...], now_s: int) -> None:
        def save() -> None:
            with self._connection:
                self._connection.execute(
                    "UPDATE boxes SET apps = ?, announced_s = ? WHERE public_key = ?",
                    (json.dumps(apps), now_s, public_key),
                )

        await self._run(save)

    async def check(self) -> None:
        def probe() -> None:
            # Takes the write lock and gives it back: a full or read-only disk shows here.
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute("ROLLBACK")
            self._connection.execute("SELECT 1 FROM boxes LIMIT 1").fetchone()

        await self._run(probe)

    async def close(self) -> None:
        def close() -> None:
            self._connection.close()
            self._lock.close()

        await asyncio.get_running_loop().run_in_executor(self._thread, close)
        self._thread.shutdown(wait=False)

    def _one(self, where: str, value: object) -> BoxRecord | None:
        query = f"SELECT {_COLUMNS} FROM boxes WHERE {where}"
        row = self._connection.execute(query, (value,)).fetchone()
        return None if row is None else BoxRecord(row[0], row[1], row[2], tuple(json.loads(row[3])))

    def _add(
        self, public_key: bytes, key_alias: str, candidates: Iterator[str], now_s: int
    ) -> BoxRecord:
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            known = self._one("public_key = ?", public_key)
            if known is not None:
                return known
            for alias in candidates:
                if self._one("alias = ?1 OR key_alias = ?1", alias) is None:
                    self._connection.execute(
                        "INSERT INTO boxes (public_key, alias, key_alias, registered_s)"
                        " VALUES (?, ?, ?, ?)",
                        (public_key, alias, key_alias, now_s),
                    )
                    return BoxRecord(public_key, alias, key_alias)
        raise StoreError("No alias is free", hint="Add words to coord/alias_words.py")

    async def _run(self, work: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(DEADLINE_S):
                return await loop.run_in_executor(self._thread, work)
        except TimeoutError:
            raise StoreError(f"The store did not answer within {DEADLINE_S:.0f} s") from None
        except (sqlite3.Error, RuntimeError) as error:
            raise StoreError(f"The store failed: {error}") from error


def _open(folder: Path) -> tuple[sqlite3.Connection, FileLock]:
    path = folder / "coordinator.db"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(folder / "coordinator.lock")
    except BlockingIOError:
        raise UsageError(
            f"Another server uses {folder}",
            code="data-in-use",
            hint="Stop it, or name another --data folder",
        ) from None
    except OSError as error:
        raise _unusable(folder, error) from error
    connection: sqlite3.Connection | None = None
    try:
        # Autocommit, so that a transaction is where BEGIN says it is; used by one thread only.
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        # FULL: a commit is on the disk, not only in the log of the kernel, when it returns.
        connection.execute("PRAGMA synchronous = FULL")
        _upgrade(connection)
        return connection, lock
    except BaseException as error:
        if connection is not None:
            connection.close()
        lock.close()
        if isinstance(error, sqlite3.Error):
            raise _unusable(path, error) from error
        raise


def _upgrade(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise UsageError(
            f"The data was written by a newer p2claw: schema {version}, known {SCHEMA_VERSION}",
            code="data-newer",
            hint="Start that version, or name another --data folder",
        )
    if version == 0:
        connection.executescript(
            f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
        )


def _unusable(path: Path, error: Exception) -> UsageError:
    return UsageError(
        f"The data in {path} cannot be used: {error}",
        code="data-unusable",
        hint="Check its owner and free space, or restore it from a copy; aliases live there",
    )
