"""The WebSockets of agents (docs/WIRE.md §11), from the upgrade to the close.

Who registers is found by `registrar`, and what a box sends afterwards is read by `box_messages`.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from random import SystemRandom

from aiohttp import web

from p2claw.config import ServerConfig
from p2claw.coord.audience import Audience
from p2claw.coord.box_messages import BoxMessages
from p2claw.coord.bus.base import Bus
from p2claw.coord.client_address import Address, shortened
from p2claw.coord.greetings import Greetings, base_of
from p2claw.coord.join_policy import JoinPolicy
from p2claw.coord.memberships import Memberships
from p2claw.coord.nodes.presence import Presence
from p2claw.coord.nodes.shared_rate import SharedRate
from p2claw.coord.nodes.standing import NodeStanding
from p2claw.coord.outbox import Outbox
from p2claw.coord.registrar import Registrar
from p2claw.coord.registration import CLOSE_CODES
from p2claw.coord.relayed.telling import RelayTelling
from p2claw.coord.store.base import BoxRecord, Store, StoreError
from p2claw.coord.switchboard import Switchboard
from p2claw.coord.turns import BUSY, Place, Turns, busy, busy_bytes
from p2claw.coord.websockets import client_of, drained, freed, new_socket, too_many
from p2claw.errors import P2clawError, RefusedError, RemoteProtocolError
from p2claw.log import get_log
from p2claw.wire.signalling import AgentError, Challenge, Register, Registered, encode_agent

log = get_log("coordinator")

PATH = "/__p2claw/v1/agent"

_GOING_DOWN = 1001
_NO_STORE = "The coordinator cannot read or write its data just now; it is tried again by itself"
# In a storm one line of the log is for so many refusals.
_LOGGED_EACH = 1_000
# How the head of a request begins that opens a control connection.
_BEGINNING = f"GET {PATH} HTTP/1.1\r\n".encode()


class Agents:
    """Serves the WebSockets of agents, at `PATH`."""

    def __init__(
        self,
        config: ServerConfig,
        switchboard: Switchboard,
        store: Store,
        presence: Presence,
        bus: Bus | None = None,
        standing: NodeStanding | None = None,
        memberships: Memberships | None = None,
        telling: RelayTelling | None = None,
    ) -> None:
        self._telling = telling
        self._standing = standing
        self.is_drained = False
        self._config = config
        self._presence = presence
        self._switchboard = switchboard
        self._outboxes: set[Outbox] = set()
        self._let_go: set[Outbox] = set()
        self._base = base_of(config)
        limits = config.limits
        self._rate = SharedRate(
            "registrations",
            limits.registration_burst,
            limits.registrations_per_minute,
            limits.addresses,
            bus,
        )
        audience, join_policy = Audience(config), JoinPolicy(config, store)
        self._greetings = Greetings(config, audience, join_policy, self._rate)
        self._registrar = Registrar(
            config, store, switchboard.rendezvous, audience, join_policy, bus
        )
        self._messages = BoxMessages(limits, switchboard, store, presence, memberships)
        self._turns = Turns(limits, config.trusted_proxies)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One control connection, from the upgrade to the close."""
        ws = new_socket(self._config.limits, shows_pongs=True)
        # A browser names the page that asks. None has a key to register, so none is let near.
        if not ws.can_prepare(request) or "Origin" in request.headers:
            return await self._greetings.greet(request)
        address = client_of(request, self._config.trusted_proxies)
        if self._lets_go:
            return drained()
        place = self._turns.place(address)
        if place is None:
            return busy(self._again_s())
        try:
            if (wait_s := await self._rate.spend(address)) > 0:
                log.info("registration refused", code="rate-limited", address=shortened(address))
                self._switchboard.counts["turned-away/rate-limited"] += 1
                return too_many("Too many registrations from this address", wait_s)
            async with place:
                if _is_gone(request):
                    return web.Response(status=503)  # which nobody reads
                await ws.prepare(request)
            return await self._connection(request, ws, address, place)
        finally:
            place.leave()

    @property
    def registrations(self) -> int:
        """How many are under way: at work, waiting for their turn, or for their agent."""
        return self._turns.places_in_use

    def refusal(self, data: bytes, host: str) -> bytes | None:
        """What a new connection of this host is sent, before it is closed, if these are its first
        bytes; None: it is served as any other. In a storm this costs a tenth of a response.
        """
        if not data.startswith(_BEGINNING) or self._turns.has_place(host):
            return None
        # Whoever does not open a WebSocket asks who this is.
        if b"\r\nupgrade: websocket\r\n" not in data.lower():
            return None
        return busy_bytes(self._again_s())

    def _again_s(self) -> int:
        self._switchboard.counts[f"turned-away/{BUSY}"] += 1
        again_s = self._turns.again_s()
        if self._turns.refused % _LOGGED_EACH == 1:
            log.warning(
                "registrations told to come again",
                code=BUSY,
                so_far=self._turns.refused,
                again_s=again_s,
            )
        return again_s

    async def _connection(
        self, request: web.Request, ws: web.WebSocketResponse, address: Address, place: Place
    ) -> web.WebSocketResponse:
        async with Outbox(ws, request.transport, self._config.limits) as outbox:
            self._outboxes.add(outbox)
            try:
                await self._serve(request, ws, outbox, address, place)
            except RefusedError as error:
                outbox.send(encode_agent(AgentError(error.code, str(error))))
                outbox.close(CLOSE_CODES.get(error.code, CLOSE_CODES["protocol"]), error.code)
            except RemoteProtocolError as error:
                outbox.send(encode_agent(AgentError("protocol", error.message)))
                outbox.close(CLOSE_CODES["protocol"], "protocol")
            except StoreError as error:
                log.error("store failed", error=error.message)
                outbox.send(encode_agent(AgentError(error.code, _NO_STORE)))
                outbox.close(_GOING_DOWN, "the store does not respond")
            except P2clawError as error:
                log.error("control connection failed", code=error.code, error=error.message)
                outbox.close(_GOING_DOWN, "it cannot be served just now")
            finally:
                self._outboxes.discard(outbox)
                self._let_go.discard(outbox)
                freed(ws)
        return ws

    @property
    def _lets_go(self) -> bool:
        """Whether boxes are to be at other nodes."""
        return self.is_drained or (self._standing is not None and not self._standing.accepts)

    async def drain(self, within_s: float) -> None:
        """Close every control connection, one after the other: the agents come back elsewhere,
        and not all at once. None is accepted any more.
        """
        self.is_drained = True
        await self.let_go(within_s)

    async def let_go(self, within_s: float) -> None:
        """Close every control connection that is open now, one after the other."""
        open_ones = list(self._outboxes)
        SystemRandom().shuffle(open_ones)
        began = asyncio.get_running_loop().time()
        for number, outbox in enumerate(open_ones):
            # By the clock, for many short sleeps take longer than one.
            due = began + number * within_s / len(open_ones)
            if due > asyncio.get_running_loop().time():
                await asyncio.sleep(due - asyncio.get_running_loop().time())
            self._let_go.add(outbox)
            outbox.close(_GOING_DOWN, "going down")

    def shut_down(self) -> None:
        """Close every control connection, registered or not."""
        for outbox in self._outboxes:
            outbox.close(_GOING_DOWN, "going down")

    async def _serve(
        self,
        request: web.Request,
        ws: web.WebSocketResponse,
        outbox: Outbox,
        address: Address,
        place: Place,
    ) -> None:
        challenge = Challenge(nonce=secrets.token_bytes(32), time=int(time.time()), follows=True)
        outbox.send(encode_agent(challenge))
        register = await self._registrar.next_register(ws)
        if register is None:
            return
        place.opened = True
        async with place:
            if _is_gone(request):
                return
            online = await self._registered(request, register, challenge, outbox, address)
        place.leave()
        if online is None:
            return
        connection, record = online
        del register, challenge, online  # a box is online for weeks, and there are many
        try:
            await self._messages.read(ws, outbox, connection, record, address)
        finally:
            self._end(connection, record, outbox)

    async def _registered(
        self,
        request: web.Request,
        register: Register,
        challenge: Challenge,
        outbox: Outbox,
        address: Address,
    ) -> tuple[int, BoxRecord] | None:
        """The number of the connection whose box is online now, and its record; None: it is to come
        again.
        """
        try:
            record = await self._registrar.record_of(request, register, challenge, address)
        except RefusedError as error:
            log.info("registration refused", code=error.code, address=shortened(address))
            self._switchboard.counts[f"turned-away/{error.code}"] += 1
            raise
        # Before it is online here, so that it gets no offer before it knows that it is.
        token = await self._presence.acquire(record)
        if not token and self._standing is not None and not self._standing.is_alone:
            # The others would call it offline.
            log.info("registration postponed", alias=record.alias)
            outbox.close(_GOING_DOWN, "the bus does not respond")
            return None
        try:
            await self._registrar.check_present(record)
        except BaseException:
            self._presence.give_back(record, token)
            raise
        connection = self._switchboard.new_connection()
        self._switchboard.boxes[connection] = outbox
        try:
            self._switchboard.rendezvous.box_online(
                connection,
                record.public_key,
                record.alias,
                record.apps,
                record.others,
                record.quota,
                key_alias=record.key_alias,
                later=record.later_key_aliases,
                statements=record.statements,
            )
            self._presence.begin(connection, record, token)
            outbox.send(
                encode_agent(
                    Registered(
                        alias=record.alias,
                        key_alias=record.key_alias,
                        base=self._base,
                        keepalive_s=self._config.limits.keepalive_s,
                        seen=str(address),
                        others=record.others,
                    )
                )
            )
            if self._telling is not None:
                outbox.send(self._telling.first(record.key_alias))
            self._switchboard.drain()
        except BaseException:
            self._end(connection, record, outbox)
            raise
        self._switchboard.counts["registered"] += 1
        log.info("box online", alias=record.alias, software=register.sw)
        return connection, record

    def _end(self, connection: int, record: BoxRecord, outbox: Outbox) -> None:
        del self._switchboard.boxes[connection]
        # This node may have its lease again by now; the box goes elsewhere all the same.
        let_go = outbox in self._let_go
        self._presence.end(connection, let_go=let_go)
        self._switchboard.rendezvous.box_offline(connection, moves=self._lets_go or let_go)
        self._switchboard.drain()
        log.info("control connection closed", alias=record.alias)

    def unteamed(self, key_alias: str) -> None:
        """The box with this key alias was removed from a team, at another node."""
        self._messages.unteamed(key_alias)


def _is_gone(request: web.Request) -> bool:
    """Whether its agent has gone meanwhile: nobody would read the reply."""
    return request.transport is None or request.transport.is_closing()
