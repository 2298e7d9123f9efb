"""The store in PostgreSQL: a pool of connections. What writes is one transaction for each method,
what reads is one statement.

psycopg speaks through libpq, so that the URL means what it means to every tool of an operator:
several servers, `target_session_attrs`, certificates, password files.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.errors import DeadlockDetected, SerializationFailure
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from p2claw.coord.store.base import (
    BoxEntry,
    BoxRecord,
    Delegation,
    Invitation,
    KeyChange,
    Quota,
    StoreError,
)
from p2claw.coord.store.life import CLUSTER_NOTE, Life, check_life, read_note, write_note
from p2claw.coord.store.opening import lock_data
from p2claw.coord.store.postgresql import boxes, invited, key_changes, lost_nodes, teams
from p2claw.coord.store.postgresql.migrating import upgrade
from p2claw.errors import UsageError
from p2claw.file_lock import FileLock

# What a database that hangs may cost a registration before it is refused.
DEADLINE_S = 5.0
# How long a method waits for a connection. A database that is gone shows in it: whoever comes first
# waits so long, and nobody afterwards (`store.remembering`).
CONNECT_S = 2.0
# Of one node. A query takes about a millisecond, so eight are thousands of them per second.
CONNECTIONS = 8
# How often a transaction is begun again that met another one of a node beside this.
_TRIES = 3
# For the tables to be made or changed, while other nodes wait for the same.
_BEGIN_S = 60.0

# What libpq is to do where the URL does not choose: notice within seconds that a server is gone.
_USUAL = {
    "application_name": "p2claw",
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "2",
    "tcp_user_timeout": "10000",
}
# What is acknowledged survives the loss of power, whatever the server's own setting is.
_SAFE = """
SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') = 'off'
"""

T = TypeVar("T")
_Connection = AsyncConnection[tuple[object, ...]]
_Within = Callable[[_Connection], contextlib.AbstractAsyncContextManager[object]]


class PostgresqlStore:
    """`Store` over one database that several nodes share. Made by `open`."""

    def __init__(self, pool: AsyncConnectionPool[_Connection], lock: FileLock) -> None:
        self._pool = pool
        self._lock = lock

    @classmethod
    async def open(cls, url: str, folder: Path) -> PostgresqlStore:
        """Connect, and bring the tables to the version of this program.

        folder: of this node alone, for the note which database was there last (`life`). Raises
        UsageError `store-unavailable`, `data-newer`, `data-older`, `data-damaged`, `data-unusable`,
        `data-in-use`.
        """
        logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)  # ours logs what matters
        given = conninfo_to_dict(url)
        conninfo = make_conninfo(url, **{k: v for k, v in _USUAL.items() if k not in given})
        pool = AsyncConnectionPool(
            conninfo,
            connection_class=AsyncConnection,
            # Without prepared statements it also works behind a pooler of transactions. A database
            # that was made without a locale (SQL_ASCII) would return bytes in place of text.
            kwargs={"prepare_threshold": None, "autocommit": True, "client_encoding": "utf8"},
            min_size=1,
            max_size=CONNECTIONS,
            timeout=CONNECT_S,
            reconnect_timeout=DEADLINE_S,
            configure=_configure,
            open=False,
        )
        store = cls(pool, await asyncio.to_thread(lock_data, folder))
        try:
            await pool.open()
            await store._begin(folder)
        except BaseException as error:
            await store.close()
            if isinstance(error, psycopg.Error | PoolTimeout | TimeoutError):
                raise await _not_opened(conninfo, error) from None
            raise
        return store

    async def box_of_key(self, public_key: bytes) -> BoxRecord | None:
        return await self.read(lambda db: boxes.of_key(db, public_key))

    async def box_of_alias(self, alias: str) -> BoxRecord | None:
        return await self.read(lambda db: boxes.of_alias(db, alias))

    async def add_box(
        self,
        public_key: bytes,
        key_alias: str,
        candidates: Iterator[str],
        now_s: int,
        invite: bytes | None = None,
    ) -> BoxRecord:
        async def add(db: _Connection) -> BoxRecord:
            known = await boxes.of_key(db, public_key)
            if known is not None:
                return known
            is_new = await boxes.insert(db, public_key, key_alias, candidates, now_s)
            if is_new and invite is not None:
                await invited.redeem(db, invite, public_key, now_s)
            record = await boxes.of_key(db, public_key)
            if record is None:
                raise StoreError("A box that was just written is not there")
            return record

        return await self.run(add)

    async def claim(self, public_key: bytes, alias: str, now_s: int) -> BoxRecord:
        return await self.run(lambda db: boxes.claim(db, public_key, alias, now_s))

    async def change_key(
        self, present: bytes, changes: Sequence[KeyChange], now_s: int
    ) -> BoxRecord:
        return await self.run(lambda db: key_changes.change(db, present, changes, now_s))

    async def set_backup(
        self, public_key: bytes, backup_key: bytes | None, statement: bytes, now_s: int
    ) -> BoxRecord:
        return await self.run(
            lambda db: key_changes.set_backup(db, public_key, backup_key, statement, now_s)
        )

    async def box_of_backup(self, backup_key: bytes) -> BoxRecord | None:
        return await self.run(lambda db: key_changes.of_backup(db, backup_key))

    async def boxes(self) -> list[BoxEntry]:
        return await self.run(boxes.entries)

    async def ban(self, public_key: bytes, reason: str, now_s: int) -> None:
        await self.run(lambda db: boxes.ban(db, public_key, reason, now_s))

    async def unban(self, public_key: bytes) -> bool:
        return await self.run(lambda db: boxes.unban(db, public_key))

    async def is_banned(self, public_key: bytes) -> bool:
        return await self.read(lambda db: boxes.is_banned(db, public_key))

    async def set_quota(self, public_key: bytes, quota: Quota) -> None:
        await self.run(lambda db: boxes.set_quota(db, public_key, quota))

    async def invite(
        self, code_hash: bytes, name: str, uses: int, now_s: int, expires_s: int | None
    ) -> Invitation:
        return await self.run(lambda db: invited.make(db, code_hash, name, uses, now_s, expires_s))

    async def invitations(self) -> list[Invitation]:
        return await self.run(invited.every)

    async def withdraw(self, number: int) -> bool:
        return await self.run(lambda db: invited.withdraw(db, number))

    async def is_invited(self, code_hash: bytes, now_s: int) -> bool:
        return await self.read(lambda db: invited.is_good(db, code_hash, now_s))

    async def team_of(self, founder: bytes) -> list[Delegation]:
        return await self.read(lambda db: teams.of_founder(db, founder))

    async def has_team(self, alias: str) -> bool:
        return await self.read(lambda db: teams.is_founded(db, alias))

    async def teams_with(self, member: bytes) -> list[Delegation]:
        return await self.read(lambda db: teams.with_member(db, member))

    async def set_team(self, founder: bytes, statements: Mapping[bytes, bytes]) -> None:
        await self.run(lambda db: teams.replace(db, founder, statements))

    async def join_team(self, founder: bytes, member: bytes, *, joined: bool) -> bool:
        return await self.run(lambda db: teams.join(db, founder, member, joined=joined))

    async def save_apps(self, public_key: bytes, apps: tuple[str, ...], now_s: int) -> None:
        await self.run(lambda db: boxes.save_apps(db, public_key, apps, now_s))

    async def declare_lost(self, node: str) -> None:
        await self.run(lambda db: lost_nodes.declare(db, node))

    async def is_lost(self, node: str) -> bool:
        return await self.read(lambda db: lost_nodes.is_there(db, node))

    async def forget_lost(self, node: str) -> None:
        await self.run(lambda db: lost_nodes.forget(db, node))

    async def check(self) -> None:
        async def probe(db: _Connection) -> None:
            await db.execute("UPDATE life SET probed_s = %s", (int(time.time()),))

        await self.run(probe)

    async def close(self) -> None:
        await self._pool.close(timeout=DEADLINE_S)
        self._lock.close()

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[_Connection]:
        """A connection with a transaction that the caller may use, to move rows."""
        async with self._pool.connection() as db, db.transaction():
            yield db

    async def _begin(self, folder: Path) -> None:
        waiting = self._pool.connection(timeout=DEADLINE_S)
        async with asyncio.timeout(_BEGIN_S), waiting as db, db.transaction():
            await upgrade(db)
            opened = await db.execute("UPDATE life SET opened = opened + 1 RETURNING store, opened")
            row = await opened.fetchone()
            assert row is not None, "the schema has put it there"
            life = Life(str(row[0]), int(str(row[1])), closed=True)
            found = replace(life, opened=life.opened - 1)
            note = await asyncio.to_thread(read_note, folder, CLUSTER_NOTE)
            check_life("The database of --store", found, note, way_out=_WAY_OUT)
        await asyncio.to_thread(write_note, folder, life, CLUSTER_NOTE)

    async def read(self, work: Callable[[_Connection], Awaitable[T]]) -> T:
        """Do it without a transaction, which would ask the server twice more: one statement that
        changes nothing.
        """
        return await self._done(work, contextlib.nullcontext)

    async def run(self, work: Callable[[_Connection], Awaitable[T]]) -> T:
        """Do it in a transaction: all of it, or, where it raises, nothing."""
        return await self._done(work, AsyncConnection.transaction)

    async def _done(self, work: Callable[[_Connection], Awaitable[T]], within: _Within) -> T:
        try:
            async with asyncio.timeout(DEADLINE_S):
                return await self._tried(work, within)
        except (TimeoutError, PoolTimeout, PoolClosed):
            raise StoreError(f"The store did not reply within {DEADLINE_S:.0f} s") from None
        except psycopg.Error as error:
            raise StoreError(f"The store failed: {_line(error)}") from error

    async def _tried(self, work: Callable[[_Connection], Awaitable[T]], within: _Within) -> T:
        for left in reversed(range(_TRIES)):
            async with self._pool.connection() as db:
                try:
                    async with within(db):
                        return await work(db)
                except (DeadlockDetected, SerializationFailure):
                    if not left:
                        raise
                except psycopg.OperationalError:
                    # The server ended a connection that nobody used, as when it starts anew. What
                    # is done here can be done twice: it is a row with its own key.
                    if not (db.broken and left):
                        raise
        raise AssertionError("the last try returns or raises")


_WAY_OUT = (
    "Name the database that was used last; if it was put back from a backup on purpose, or a "
    f"replica took over that had less, remove {CLUSTER_NOTE} from the --data folder of each node: "
    "boxes that registered since then get another alias"
)


async def _configure(db: _Connection) -> None:
    await db.execute(_SAFE)


async def _not_opened(conninfo: str, error: BaseException) -> UsageError:
    """Why nothing could be opened. The pool only knows that it waited; one try says more."""
    reason: BaseException = error
    if isinstance(error, PoolTimeout):
        try:
            await (await AsyncConnection.connect(conninfo)).close()
        except psycopg.Error as direct:
            reason = direct
    is_ours = isinstance(reason, psycopg.Error) and reason.sqlstate is not None
    return UsageError(
        f"The database of --store cannot be used: {_line(reason)}",
        code="data-unusable" if is_ours else "store-unavailable",
        hint="Look whether it runs, and whether user and database of the URL are there and may "
        "create tables and the extension btree_gist",
    )


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
