"""What the owner of a box changes about its key while the agent runs: the next key, the backup key.

Key and proof are on the disk before anybody is told of them: a loss of power leaves the key of
before, of which nobody has heard otherwise, or the new one with what proves it.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Callable

from p2claw.agent.daemon.parts import Parts
from p2claw.agent.home.identity import Identity, replace_identity
from p2claw.agent.local.api import Json
from p2claw.errors import UsageError
from p2claw.link.control import ControlState
from p2claw.log import get_log
from p2claw.names import public_key_of
from p2claw.wire.signalling.statements import Kind

log = get_log("agent")

# A person waits at a command line, which gives up after 10 s.
REGISTERED_S = 6.0

# As many as a coordinator keeps for one box (docs/WIRE.md §17).
MOST_KEY_CHANGES = 64


class Keys:
    """Changes the key of one box, or who may. may: whether this process still has the box.

    Implements `local.api.KeyControlled`.
    """

    def __init__(self, parts: Parts, may: Callable[[], bool]) -> None:
        self._parts = parts
        self._may = may
        self._changing = asyncio.Lock()

    async def rotate(self) -> Json:
        """Let a new key follow the one of this box. Links that are open stay.

        Raises UsageError `agent-offline`, `coordinator-older`, `key-changes-used-up`,
        `handover-running`; IdentityError.
        """
        async with self._changing:
            before = self._checked()
            rotations = sum(one.kind is Kind.ROTATE for one in before.changes)
            if rotations >= MOST_KEY_CHANGES:
                raise UsageError(
                    f"A box changes its key {MOST_KEY_CHANGES} times at most",
                    code="key-changes-used-up",
                    hint="A new P2CLAW_HOME is a new box, with a new key and alias",
                )
            after = before.successor(int(time.time()))
            online = await self._become(after)
            log.info("key changed", peer_id=after.peer_id, was=before.peer_id, online=online)
            return {
                "peer_id": after.peer_id,
                "key_alias": after.key_alias,
                "was": before.peer_id,
                "online": online,
            }

    async def name_backup(self, peer_id: str) -> Json:
        """Let this key name the next key of the box, in the place of one that was named before.

        Raises as `rotate`, and UsageError `peer-id-invalid`.
        """
        public_key = public_key_of(peer_id)
        return await self._name(lambda identity: public_key, peer_id)

    async def withdraw_backup(self) -> Json:
        """Let no other key name the next key of the box. Raises as `rotate`."""
        return await self._name(lambda identity: identity.public_key, None)

    async def _name(self, subject: Callable[[Identity], bytes], named: str | None) -> Json:
        async with self._changing:
            before = self._checked()
            # Of two that were made within a second the coordinator could not tell which is newer.
            made_s = max(
                int(time.time()), 0 if before.backup is None else before.backup.issued_s + 1
            )
            statement = before.lasting(Kind.BACKUP, subject(before), made_s)
            online = await self._become(dataclasses.replace(before, backup=statement))
            log.info("backup key named", withdrawn=named is None, online=online)
            return {"peer_id": before.peer_id, "backup_peer_id": named, "online": online}

    def _checked(self) -> Identity:
        """The key of now, if it can be changed."""
        parts = self._parts
        if not self._may():
            raise UsageError("This agent ends already", code="handover-running", hint="Try again")
        if parts.control.state is not ControlState.ONLINE:
            raise UsageError(
                "The coordinator cannot be reached just now",
                code="agent-offline",
                hint="`p2claw status` shows why; try again when the agent is online",
            )
        if not parts.registration.coordinator_follows:
            raise UsageError(
                "The coordinator is older than this program, and knows no changes of keys",
                code="coordinator-older",
                hint="Ask its owner to update it",
            )
        return parts.identity

    async def _become(self, identity: Identity) -> bool:
        """Have it on the disk, then register with it; whether that is done already."""
        parts = self._parts
        await asyncio.to_thread(replace_identity, parts.config.identity_path, identity)
        parts.registration.change_key(identity)
        parts.control.renew("key-changed")
        return await parts.registration.registered_as(identity, timeout_s=REGISTERED_S)
