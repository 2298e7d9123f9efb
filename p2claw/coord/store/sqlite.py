"""The store in one SQLite file, for one coordinator: write-ahead log, one thread, one writer."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NoReturn, TypeVar

from p2claw.coord.store import boxes, invited, key_changes, teams
from p2claw.coord.store.base import (
    BoxEntry,
    BoxRecord,
    Delegation,
    Invitation,
    KeyChange,
    Quota,
    StoreError,
)
from p2claw.coord.store.life import Life, write_note
from p2claw.coord.store.opening import lock_data, open_database
from p2claw.coord.store.records import MOST_RECORDS, Records
from p2claw.file_lock import FileLock

# What a disk that hangs may cost a registration before it is refused.
DEADLINE_S = 5.0

T = TypeVar("T")


class SqliteStore:
    """`Store` over one file. Made by `open`, which also creates the folder and the file.

    Nobody else writes it, so what was read or written once is replied to from memory, and whatever
    may change it forgets it before. The thread does one thing after the other: what is read after
    that is read behind the change, also if nobody waits for the change any more.
    """

    def __init__(
        self,
        folder: Path,
        connection: sqlite3.Connection,
        life: Life,
        lock: FileLock,
        thread: ThreadPoolExecutor,
    ) -> None:
        self._folder = folder
        self._connection = connection
        self._life = life
        self._lock = lock
        self._thread = thread
        self._records = Records()
        self._founders_of_none: set[bytes] = set()
        self._changes = 0

    @classmethod
    async def open(cls, folder: Path) -> SqliteStore:
        """Open or create `coordinator.db` in a folder.

        Raises UsageError, as `opening`.
        """
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        try:
            loop = asyncio.get_running_loop()
            connection, life, lock = await loop.run_in_executor(thread, _open, folder)
        except BaseException:
            thread.shutdown(wait=False)
            raise
        return cls(folder, connection, life, lock, thread)

    async def box_of_key(self, public_key: bytes) -> BoxRecord | None:
        return self._records.of_key(public_key) or await self._read(
            lambda: boxes.of_key(self._connection, public_key)
        )

    async def box_of_alias(self, alias: str) -> BoxRecord | None:
        return self._records.of_alias(alias) or await self._read(
            lambda: boxes.of_alias(self._connection, alias)
        )

    async def add_box(
        self,
        public_key: bytes,
        key_alias: str,
        candidates: Iterator[str],
        now_s: int,
        invite: bytes | None = None,
    ) -> BoxRecord:
        def add() -> BoxRecord:
            known = boxes.of_key(self._connection, public_key)
            if known is not None:
                return known
            alias = boxes.first_free(self._connection, candidates)
            if alias is None:
                raise StoreError("No alias is free", hint="Add words to coord/alias_words.py")
            boxes.insert(self._connection, public_key, alias, key_alias, now_s)
            if invite is not None:
                invited.redeem(self._connection, invite, public_key, now_s)
            return boxes.of_key(self._connection, public_key) or _lost()

        # It is known to nobody so far, so nothing that is remembered changes by it.
        changes = self._changes
        record = await self._commit(add, forgets=False)
        if changes == self._changes:
            self._records.remember(record)
        return record

    async def claim(self, public_key: bytes, alias: str, now_s: int) -> BoxRecord:
        return await self._commit(lambda: boxes.claim(self._connection, public_key, alias, now_s))

    async def change_key(
        self, present: bytes, changes: Sequence[KeyChange], now_s: int
    ) -> BoxRecord:
        return await self._commit(
            lambda: key_changes.change(self._connection, present, changes, now_s)
        )

    async def set_backup(
        self, public_key: bytes, backup_key: bytes | None, statement: bytes, now_s: int
    ) -> BoxRecord:
        return await self._commit(
            lambda: key_changes.set_backup(
                self._connection, public_key, backup_key, statement, now_s
            )
        )

    async def box_of_backup(self, backup_key: bytes) -> BoxRecord | None:
        return await self._run(lambda: key_changes.of_backup(self._connection, backup_key))

    async def boxes(self) -> list[BoxEntry]:
        return await self._run(lambda: boxes.entries(self._connection))

    async def ban(self, public_key: bytes, reason: str, now_s: int) -> None:
        await self._commit(lambda: boxes.ban(self._connection, public_key, reason, now_s))

    async def unban(self, public_key: bytes) -> bool:
        return await self._commit(lambda: boxes.unban(self._connection, public_key))

    async def is_banned(self, public_key: bytes) -> bool:
        return await self._run(lambda: boxes.is_banned(self._connection, public_key))

    async def set_quota(self, public_key: bytes, quota: Quota) -> None:
        await self._commit(lambda: boxes.set_quota(self._connection, public_key, quota))

    async def invite(
        self, code_hash: bytes, name: str, uses: int, now_s: int, expires_s: int | None
    ) -> Invitation:
        return await self._commit(
            lambda: invited.make(self._connection, code_hash, name, uses, now_s, expires_s)
        )

    async def invitations(self) -> list[Invitation]:
        return await self._run(lambda: invited.every(self._connection))

    async def withdraw(self, number: int) -> bool:
        return await self._commit(lambda: invited.withdraw(self._connection, number))

    async def is_invited(self, code_hash: bytes, now_s: int) -> bool:
        return await self._run(lambda: invited.is_good(self._connection, code_hash, now_s))

    async def team_of(self, founder: bytes) -> list[Delegation]:
        if founder in self._founders_of_none:
            return []
        changes = self._changes
        found = await self._run(lambda: teams.of_founder(self._connection, founder))
        if not found and changes == self._changes:
            if len(self._founders_of_none) >= MOST_RECORDS:
                self._founders_of_none.clear()
            self._founders_of_none.add(founder)
        return found

    async def has_team(self, alias: str) -> bool:
        record = await self.box_of_alias(alias)
        return record is not None and bool(await self.team_of(record.public_key))

    async def teams_with(self, member: bytes) -> list[Delegation]:
        return await self._run(lambda: teams.with_member(self._connection, member))

    async def set_team(self, founder: bytes, statements: Mapping[bytes, bytes]) -> None:
        await self._commit(lambda: teams.replace(self._connection, founder, statements))

    async def join_team(self, founder: bytes, member: bytes, *, joined: bool) -> bool:
        return await self._commit(
            lambda: teams.join(self._connection, founder, member, joined=joined)
        )

    async def save_apps(self, public_key: bytes, apps: tuple[str, ...], now_s: int) -> None:
        def save() -> None:
            with self._connection:
                self._connection.execute(
                    "UPDATE boxes SET apps = ?2, announced_s = ?3"
                    f" WHERE public_key = {boxes.FIRST_KEY}",
                    (public_key, json.dumps(apps), now_s),
                )

        try:
            await self._run(save)
        except StoreError:
            self._forget()
            raise
        self._records.change(public_key, apps=apps, announced_s=now_s)

    async def declare_lost(self, node: str) -> None:
        pass  # no other node reads this store: all of this are empty

    async def is_lost(self, node: str) -> bool:
        return False

    async def forget_lost(self, node: str) -> None:
        pass

    async def check(self) -> None:
        def probe() -> None:
            self._connection.execute("SELECT 1 FROM boxes LIMIT 1").fetchone()
            # A full disk shows only when something is written.
            self._connection.execute("UPDATE life SET probed_s = ?", (int(time.time()),))

        await self._commit(probe, forgets=False)

    async def close(self) -> None:
        def close() -> None:
            try:
                self._connection.close()
                write_note(self._folder, replace(self._life, closed=True))
            finally:
                self._lock.close()

        await asyncio.get_running_loop().run_in_executor(self._thread, close)
        self._thread.shutdown(wait=False)

    def _forget(self) -> None:
        self._changes += 1
        self._records.clear()
        self._founders_of_none.clear()

    async def _read(self, work: Callable[[], BoxRecord | None]) -> BoxRecord | None:
        changes = self._changes
        record = await self._run(work)
        if record is not None and changes == self._changes:
            self._records.remember(record)
        return record

    async def _commit(self, work: Callable[[], T], *, forgets: bool = True) -> T:
        """Do it in a transaction: all of it, or, where it raises, nothing."""
        if forgets:
            self._forget()

        def commit() -> T:
            with self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                return work()

        return await self._run(commit)

    async def _run(self, work: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(DEADLINE_S):
                return await loop.run_in_executor(self._thread, work)
        except TimeoutError:
            raise StoreError(f"The store did not reply within {DEADLINE_S:.0f} s") from None
        except (sqlite3.Error, RuntimeError, ValueError) as error:
            raise StoreError(f"The store failed: {error}") from error


def _open(folder: Path) -> tuple[sqlite3.Connection, Life, FileLock]:
    lock = lock_data(folder)
    try:
        return (*open_database(folder), lock)
    except BaseException:
        lock.close()
        raise


def _lost() -> NoReturn:
    raise StoreError("A box that was just written is not there")
