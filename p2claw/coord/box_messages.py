"""What a box sends once it is online (docs/WIRE.md §11): announcements, claims, signalling."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import replace

from aiohttp import WSMsgType, web

from p2claw import names
from p2claw.config import ServerLimits
from p2claw.coord.chosen_alias import check_chosen
from p2claw.coord.client_address import Address
from p2claw.coord.knocking import Knocker
from p2claw.coord.memberships import Memberships
from p2claw.coord.nodes.presence import Presence
from p2claw.coord.outbox import Outbox
from p2claw.coord.store.base import BoxRecord, Store
from p2claw.coord.switchboard import Switchboard
from p2claw.coord.websockets import is_keepalive
from p2claw.errors import RefusedError, RemoteProtocolError, UsageError
from p2claw.log import get_log
from p2claw.token_bucket import TokenBucket
from p2claw.wire.signalling import (
    Announce,
    Announced,
    BoxAnswer,
    BoxCandidate,
    BoxEnd,
    Claim,
    Claimed,
    Dial,
    Down,
    Knock,
    Knocked,
    Refuse,
    Team,
    TeamAsk,
    TeamJoin,
    TeamLeave,
    Unknown,
    decode_agent,
    encode_agent,
)

log = get_log("coordinator")

# Announcements that one control connection may send at once, and in a minute: each is a commit.
_ANNOUNCE_BURST = 60
_ANNOUNCES_PER_MINUTE = 60.0

# Apps that are announced again as they were are written again after so long only: when all boxes
# come back at once, each would be a commit.
_WRITTEN_AGAIN_S = 3_600

# Knocks that one control connection may ask for, each at up to 64 ports.
_KNOCK_BURST = 6
_KNOCKS_PER_MINUTE = 3.0


class BoxMessages:
    """Reads the messages of every box that is online here."""

    def __init__(
        self,
        limits: ServerLimits,
        switchboard: Switchboard,
        store: Store,
        presence: Presence,
        memberships: Memberships | None,
    ) -> None:
        self._limits = limits
        self._switchboard = switchboard
        self._store = store
        self._presence = presence
        self._memberships = memberships
        self._knocker = Knocker()
        self._beside: set[asyncio.Task[None]] = set()

    async def read(
        self,
        ws: web.WebSocketResponse,
        outbox: Outbox,
        connection: int,
        record: BoxRecord,
        address: Address,
    ) -> None:
        """Until the connection ends. Raises RefusedError, RemoteProtocolError, StoreError."""
        loop = asyncio.get_running_loop()
        bucket = TokenBucket(_ANNOUNCE_BURST, _ANNOUNCES_PER_MINUTE, loop.time())
        knocks = TokenBucket(_KNOCK_BURST, _KNOCKS_PER_MINUTE, loop.time())
        limits = self._limits
        messages = TokenBucket(
            limits.box_message_burst, limits.box_messages_per_minute, loop.time()
        )
        async for message in ws:
            # Nothing is read meanwhile: it is slowed, and loses nothing.
            if (wait_s := messages.reserve(loop.time(), 1, math.inf)) is not None and wait_s > 0:
                await asyncio.sleep(wait_s)
            self._switchboard.rendezvous.box_lives(connection)
            if await is_keepalive(ws, message):
                continue
            if message.type is not WSMsgType.BINARY:
                raise RemoteProtocolError("An agent sends binary messages")
            match decode_agent(message.data):
                case Announce(seq, apps):
                    if self._switchboard.rendezvous.boxes.at(connection) is None:
                        return  # replaced: its messages must not undo those of its successor
                    if bucket.spend(loop.time()) > 0:
                        raise RefusedError("Too many announcements", code="rate-limited")
                    record = await self._announce(outbox, connection, record, seq, apps)
                case Claim(name):
                    if self._switchboard.rendezvous.boxes.at(connection) is None:
                        return
                    if bucket.spend(loop.time()) > 0:
                        raise RefusedError("Too many claims", code="rate-limited")
                    await self._claim(outbox, connection, record, name)
                case Down(apps):
                    self._switchboard.rendezvous.box_lacks(connection, apps)
                case Dial() as dial:
                    self._switchboard.rendezvous.box_dialled_by(connection, dial)
                    self._switchboard.drain()
                    self._presence.changed(connection)
                case Team() | TeamJoin() | TeamLeave() | TeamAsk() as asked:
                    if self._switchboard.rendezvous.boxes.at(connection) is None:
                        return
                    if bucket.spend(loop.time()) > 0:
                        raise RefusedError("Too many messages of teams", code="rate-limited")
                    if self._memberships is not None:
                        outbox.send(encode_agent(await self._memberships.reply(record, asked)))
                case Knock(token, ports):
                    may = knocks.spend(loop.time()) == 0
                    knocking = loop.create_task(
                        self._knock(outbox, address, token, ports if may else ())
                    )
                    self._beside.add(knocking)
                    knocking.add_done_callback(self._beside.discard)
                case BoxAnswer() | BoxCandidate() | Refuse() | BoxEnd() as signal:
                    self._switchboard.rendezvous.from_box(connection, signal)
                    self._switchboard.drain()
                case Unknown():
                    pass
                case _:
                    raise RemoteProtocolError("A box does not send this message now")

    def unteamed(self, key_alias: str) -> None:
        """The box with this key alias was removed from a team, at another node."""
        if self._memberships is None:
            return
        informing = asyncio.get_running_loop().create_task(self._memberships.removed(key_alias))
        self._beside.add(informing)
        informing.add_done_callback(self._beside.discard)

    async def _knock(
        self, outbox: Outbox, address: Address, token: bytes, ports: tuple[int, ...]
    ) -> None:
        knocked = await self._knocker.knock(address, ports, token) if ports else ()
        outbox.send(encode_agent(Knocked(token, knocked)))

    async def _announce(
        self, outbox: Outbox, connection: int, record: BoxRecord, seq: int, apps: tuple[str, ...]
    ) -> BoxRecord:
        rejected: dict[str, str] = {}
        for app in apps:
            try:
                names.check_app(app)
            except UsageError as error:
                rejected[app] = error.code
        accepted = tuple(sorted(set(apps) - rejected.keys()))
        most = self._switchboard.rendezvous.boxes.apps_of(connection)
        if most is not None and len(accepted) > most:
            rejected |= dict.fromkeys(accepted[most:], "apps-above-quota")
            accepted = accepted[:most]
        now_s = int(time.time())
        if accepted != record.apps or not 0 <= now_s - record.announced_s < _WRITTEN_AGAIN_S:
            await self._store.save_apps(record.public_key, accepted, now_s)
            record = replace(record, apps=accepted, announced_s=now_s)
        self._switchboard.rendezvous.box_announced(connection, accepted)
        self._switchboard.drain()
        outbox.send(encode_agent(Announced(seq, rejected)))
        log.info("apps announced", alias=record.alias, apps=len(accepted), rejected=len(rejected))
        return record

    async def _claim(self, outbox: Outbox, connection: int, record: BoxRecord, name: str) -> None:
        try:
            chosen = await self._store.claim(
                record.public_key, check_chosen(name), int(time.time())
            )
        except RefusedError as error:
            outbox.send(encode_agent(Claimed(name, error.code, str(error))))
            log.info("alias not claimed", alias=record.alias, code=error.code)
            return
        self._switchboard.rendezvous.box_claimed(connection, chosen.alias)
        self._switchboard.drain()
        self._presence.changed(connection)
        outbox.send(encode_agent(Claimed(name, others=chosen.others)))
        log.info("alias claimed", alias=chosen.alias, was=record.alias)
