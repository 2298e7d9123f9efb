"""Decides which boxes may register: what the operator chose, beside what registration proves."""

from __future__ import annotations

import time
from typing import Literal, cast

from p2claw.config import ServerConfig
from p2claw.coord.invitations import hash_of
from p2claw.coord.store.base import BoxRecord, Store
from p2claw.errors import RefusedError
from p2claw.wire.signalling import Register

Joins = Literal["open", "invite", "listed"]


class JoinPolicy:
    """The operator's rule, and the bans in the store."""

    def __init__(self, config: ServerConfig, store: Store) -> None:
        self.joins = cast(Joins, config.joining)
        self._listed = config.listed_boxes
        self._store = store

    async def check(self, public_key: bytes, record: BoxRecord | None) -> None:
        """Returns if this key is not kept out. record: None if it never registered.

        Raises RefusedError `banned`, `not-listed`.
        """
        banned = await self._store.is_banned(public_key) if record is None else record.banned
        if banned:
            raise RefusedError("The operator of this coordinator keeps this box out", code="banned")
        keys = {public_key} if record is None else {public_key} | record.keys
        if self.joins == "listed" and not keys & self._listed:
            raise RefusedError(
                "This coordinator accepts listed boxes only",
                code="not-listed",
                hint="Send its owner the peer id that `p2claw identity` shows",
            )

    def invite_of(self, register: Register) -> bytes | None:
        """The hash of the code that a new box has to use up; None: it needs none.

        Raises RefusedError `invite-needed`, `invite-invalid`.
        """
        if self.joins != "invite" or register.public_key in self._listed:
            return None
        if not register.invite:
            raise RefusedError(
                "This coordinator accepts new boxes by invitation",
                code="invite-needed",
                hint="Ask its owner for a code, then `p2claw join URL --invite CODE`",
            )
        found = hash_of(register.invite)
        if found is None:
            raise RefusedError("This is not the code of an invitation", code="invite-invalid")
        return found

    async def is_good(self, code: str) -> bool:
        """Whether a code could be used now."""
        found = hash_of(code)
        return found is not None and await self._store.is_invited(found, int(time.time()))
