"""A store that goes on from memory while the one behind it is gone.

Boxes that this process has seen register, and are found, as they were last; what they announce is
written once the store is back. Whatever is new fails with `store-unavailable`, and is tried again
by who wants it: no alias is given that is not written.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from p2claw.coord.store.base import (
    BoxEntry,
    BoxRecord,
    Delegation,
    Invitation,
    KeyChange,
    Quota,
    Store,
    StoreError,
)
from p2claw.coord.store.records import Records
from p2claw.log import get_log

log = get_log("coordinator")

# Between two looks whether a store that was gone is back.
LOOK_AGAIN_S = 1.0

T = TypeVar("T")


class RememberingStore:
    """`Store` in front of another. `is_there`: whether that one responds.

    behind: the other.
    """

    def __init__(self, behind: Store) -> None:
        self.is_there = True
        self.behind = behind
        self._behind = behind
        self._records = Records()
        self._unsaved: dict[bytes, tuple[tuple[str, ...], int]] = {}
        self._looking: asyncio.Task[None] | None = None

    async def box_of_key(self, public_key: bytes) -> BoxRecord | None:
        return await self._found(
            lambda: self._behind.box_of_key(public_key), lambda: self._records.of_key(public_key)
        )

    async def box_of_alias(self, alias: str) -> BoxRecord | None:
        return await self._found(
            lambda: self._behind.box_of_alias(alias),
            lambda: self._records.of_alias(alias),
        )

    async def add_box(
        self,
        public_key: bytes,
        key_alias: str,
        candidates: Iterator[str],
        now_s: int,
        invite: bytes | None = None,
    ) -> BoxRecord:
        return self._remember(
            await self._asked(
                lambda: self._behind.add_box(public_key, key_alias, candidates, now_s, invite)
            )
        )

    async def claim(self, public_key: bytes, alias: str, now_s: int) -> BoxRecord:
        return self._remember(
            await self._asked(lambda: self._behind.claim(public_key, alias, now_s))
        )

    async def change_key(
        self, present: bytes, changes: Sequence[KeyChange], now_s: int
    ) -> BoxRecord:
        return self._remember(
            await self._asked(lambda: self._behind.change_key(present, changes, now_s))
        )

    async def set_backup(
        self, public_key: bytes, backup_key: bytes | None, statement: bytes, now_s: int
    ) -> BoxRecord:
        return self._remember(
            await self._asked(
                lambda: self._behind.set_backup(public_key, backup_key, statement, now_s)
            )
        )

    async def box_of_backup(self, backup_key: bytes) -> BoxRecord | None:
        return await self._asked(lambda: self._behind.box_of_backup(backup_key))

    async def boxes(self) -> list[BoxEntry]:
        return await self._asked(self._behind.boxes)

    async def ban(self, public_key: bytes, reason: str, now_s: int) -> None:
        await self._asked(lambda: self._behind.ban(public_key, reason, now_s))
        self._records.change(public_key, banned=True)

    async def unban(self, public_key: bytes) -> bool:
        found = await self._asked(lambda: self._behind.unban(public_key))
        self._records.change(public_key, banned=False)
        return found

    async def is_banned(self, public_key: bytes) -> bool:
        return await self._asked(lambda: self._behind.is_banned(public_key))

    async def set_quota(self, public_key: bytes, quota: Quota) -> None:
        await self._asked(lambda: self._behind.set_quota(public_key, quota))
        self._records.change(public_key, quota=quota)

    async def invite(
        self, code_hash: bytes, name: str, uses: int, now_s: int, expires_s: int | None
    ) -> Invitation:
        return await self._asked(
            lambda: self._behind.invite(code_hash, name, uses, now_s, expires_s)
        )

    async def invitations(self) -> list[Invitation]:
        return await self._asked(self._behind.invitations)

    async def withdraw(self, number: int) -> bool:
        return await self._asked(lambda: self._behind.withdraw(number))

    async def is_invited(self, code_hash: bytes, now_s: int) -> bool:
        return await self._asked(lambda: self._behind.is_invited(code_hash, now_s))

    async def team_of(self, founder: bytes) -> list[Delegation]:
        return await self._asked(lambda: self._behind.team_of(founder))

    async def has_team(self, alias: str) -> bool:
        return await self._asked(lambda: self._behind.has_team(alias))

    async def teams_with(self, member: bytes) -> list[Delegation]:
        return await self._asked(lambda: self._behind.teams_with(member))

    async def set_team(self, founder: bytes, statements: Mapping[bytes, bytes]) -> None:
        await self._asked(lambda: self._behind.set_team(founder, statements))

    async def join_team(self, founder: bytes, member: bytes, *, joined: bool) -> bool:
        return await self._asked(lambda: self._behind.join_team(founder, member, joined=joined))

    async def save_apps(self, public_key: bytes, apps: tuple[str, ...], now_s: int) -> None:
        """While the store is gone, kept for a box that is remembered, and written afterwards.

        If this process ends before, nothing is lost either: a box announces whenever it connects.
        """
        self._records.change(public_key, apps=apps)
        try:
            await self._asked(lambda: self._behind.save_apps(public_key, apps, now_s))
        except StoreError:
            if public_key not in self._records:
                raise
            self._unsaved[public_key] = (apps, now_s)
        else:
            self._unsaved.pop(public_key, None)

    async def declare_lost(self, node: str) -> None:
        await self._asked(lambda: self._behind.declare_lost(node))

    async def is_lost(self, node: str) -> bool:
        return await self._asked(lambda: self._behind.is_lost(node))

    async def forget_lost(self, node: str) -> None:
        await self._asked(lambda: self._behind.forget_lost(node))

    async def check(self) -> None:
        """Whatever the store: this process serves what it remembers. `is_there` has the rest."""
        with contextlib.suppress(StoreError):
            await self._asked(self._behind.check)

    async def close(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])
        with contextlib.suppress(StoreError):
            await self._save()
        await self._behind.close()

    async def _found(
        self,
        ask: Callable[[], Awaitable[BoxRecord | None]],
        remembered: Callable[[], BoxRecord | None],
    ) -> BoxRecord | None:
        try:
            record = await self._asked(ask)
        except StoreError:
            record = remembered()
            if record is None:
                raise
        return record if record is None else self._remember(record)

    async def _asked(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask, unless the store is known to be gone: nobody waits for it then."""
        if not self.is_there:
            raise StoreError("The store is gone just now", hint="It is tried again by itself")
        try:
            return await ask()
        except StoreError as error:
            self._gone(error)
            raise

    def _gone(self, error: StoreError) -> None:
        if self.is_there:
            self.is_there = False
            log.error("store gone", error=error.message, remembered=len(self._records))
            self._looking = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        """Look until the store is back, and everything that waited is in it."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            await asyncio.sleep(LOOK_AGAIN_S)
            try:
                await self._behind.check()
                unsaved = await self._save()
            except StoreError:
                continue
            self.is_there = True
            log.info("store back", gone_s=round(loop.time() - began, 1), announced=unsaved)
            return

    async def _save(self) -> int:
        saved = 0
        while self._unsaved:
            public_key, (apps, now_s) = next(iter(self._unsaved.items()))
            await self._behind.save_apps(public_key, apps, now_s)
            if self._unsaved.get(public_key) == (apps, now_s):
                del self._unsaved[public_key]
            saved += 1
        return saved

    def _remember(self, record: BoxRecord) -> BoxRecord:
        waiting = self._unsaved.get(record.public_key)
        if waiting is not None:
            record = replace(record, apps=waiting[0])
        self._records.remember(record)
        return record
