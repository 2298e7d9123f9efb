"""From a registration to the record of its box: who it is, whether it may (docs/WIRE.md §11)."""

from __future__ import annotations

import asyncio
import time
from random import SystemRandom

from aiohttp import WSMsgType, web

from p2claw import names
from p2claw.config import ServerConfig
from p2claw.coord.alias import alias_candidates
from p2claw.coord.audience import Audience
from p2claw.coord.bus.base import Bus
from p2claw.coord.client_address import Address
from p2claw.coord.join_policy import JoinPolicy
from p2claw.coord.key_changes import KeyChanges
from p2claw.coord.nodes.shared_rate import SharedRate
from p2claw.coord.registration import check_registration
from p2claw.coord.rendezvous import Rendezvous
from p2claw.coord.store.base import BoxRecord, Store
from p2claw.coord.store.key_refusals import key_replaced
from p2claw.coord.websockets import is_keepalive, reached_address
from p2claw.errors import RefusedError, RemoteProtocolError
from p2claw.log import get_log
from p2claw.wire.signalling import Challenge, Register, Unknown, decode_agent

log = get_log("coordinator")


class Registrar:
    """Every method raises RefusedError with a code of `CLOSE_CODES`, and StoreError."""

    def __init__(
        self,
        config: ServerConfig,
        store: Store,
        rendezvous: Rendezvous,
        audience: Audience,
        join_policy: JoinPolicy,
        bus: Bus | None,
    ) -> None:
        self._config = config
        self._store = store
        self._rendezvous = rendezvous
        self._audience = audience
        self._join_policy = join_policy
        self._key_changes = KeyChanges(store, join_policy)
        self._has_nodes = bus is not None
        limits = config.limits
        self._alias_rate = SharedRate(
            "aliases", limits.alias_burst, limits.aliases_per_minute, limits.addresses, bus
        )

    async def next_register(self, ws: web.WebSocketResponse) -> Register | None:
        """The registration; None if the agent went away before."""
        limit_s = self._config.limits.register_s
        try:
            async with asyncio.timeout(limit_s):
                async for message in ws:
                    if await is_keepalive(ws, message):
                        continue
                    if message.type is not WSMsgType.BINARY:
                        raise RemoteProtocolError("An agent sends binary messages")
                    decoded = decode_agent(message.data)
                    if isinstance(decoded, Register):
                        return decoded
                    if not isinstance(decoded, Unknown):
                        raise RemoteProtocolError("A box registers before anything else")
        except TimeoutError:
            raise RefusedError(
                f"No registration came within {limit_s:.0f} s", code="timeout"
            ) from None
        return None

    async def record_of(
        self, request: web.Request, register: Register, challenge: Challenge, address: Address
    ) -> BoxRecord:
        """The box that registers; a new one is given its alias."""
        now_s = int(time.time())
        check_registration(
            register,
            challenge,
            self._audience,
            reached_address(request),
            now_s=now_s,
            clock_skew_s=self._config.limits.clock_skew_s,
        )
        record = await self._key_changes.box_of(register, now_s)
        if self._rendezvous.full and (
            record is None or not self._rendezvous.boxes.is_online(record.alias)
        ):
            raise RefusedError("This coordinator is full", code="rate-limited")
        await self._join_policy.check(register.public_key, record)
        if record is not None:
            return await self._key_changes.with_backup(register, record, now_s)
        invite = self._join_policy.invite_of(register)
        if await self._alias_rate.spend(address) > 0:
            raise RefusedError("Too many new boxes from this address", code="rate-limited")
        key_alias = names.key_alias_of(register.public_key)
        candidates = alias_candidates(SystemRandom())
        record = await self._store.add_box(
            register.public_key, key_alias, candidates, now_s, invite
        )
        log.info("alias assigned", alias=record.alias)
        await self._join_policy.check(register.public_key, record)
        return await self._key_changes.with_backup(register, record, now_s)

    async def check_present(self, record: BoxRecord) -> None:
        """Raises RefusedError `key-replaced`: the key was changed since it was looked up, here or
        at another node. From here on whoever changes it puts this connection out.
        """
        here = self._rendezvous.boxes.called(record.key_alias)
        if here is not None and len(here.later) > len(record.key_changes):
            raise key_replaced(here.public_key)
        if self._has_nodes:
            now = await self._store.box_of_key(record.public_key)
            if now is not None and now.public_key != record.public_key:
                raise key_replaced(now.public_key)
