"""The WebSocket of an agent (docs/WIRE.md §11): registration, announcements, signalling."""

from __future__ import annotations

import asyncio
import math
import secrets
import time
from random import SystemRandom

from aiohttp import WSMessage, WSMsgType, web

from p2claw import __version__, names
from p2claw.config import ServerConfig
from p2claw.coord.alias import alias_candidates
from p2claw.coord.audience import Audience
from p2claw.coord.bus.base import Bus
from p2claw.coord.chosen_alias import check_chosen
from p2claw.coord.client_address import Address, shortened
from p2claw.coord.join_policy import JoinPolicy
from p2claw.coord.key_changes import KeyChanges
from p2claw.coord.knocking import Knocker
from p2claw.coord.memberships import Memberships
from p2claw.coord.nodes.presence import Presence
from p2claw.coord.nodes.shared_rate import SharedRate
from p2claw.coord.nodes.standing import NodeStanding
from p2claw.coord.outbox import Outbox
from p2claw.coord.registration import CLOSE_CODES, VERSION, check_registration
from p2claw.coord.relayed.telling import RelayTelling
from p2claw.coord.store.base import BoxRecord, Store, StoreError
from p2claw.coord.store.key_refusals import key_replaced
from p2claw.coord.switchboard import Switchboard
from p2claw.coord.websockets import client_of, drained, new_socket, reached_address, too_many
from p2claw.errors import P2clawError, RefusedError, RemoteProtocolError, UsageError
from p2claw.log import get_log
from p2claw.token_bucket import TokenBucket
from p2claw.wire.signalling import (
    AgentError,
    Announce,
    Announced,
    BoxAnswer,
    BoxCandidate,
    BoxEnd,
    Challenge,
    Claim,
    Claimed,
    Dial,
    Knock,
    Knocked,
    Refuse,
    Register,
    Registered,
    Team,
    TeamAsk,
    TeamJoin,
    TeamLeave,
    Unknown,
    decode_agent,
    encode_agent,
)
from p2claw.wire.signalling.greeting import INVITE_FIELD, SOFTWARE, Greeting, encode_greeting

log = get_log("coordinator")

PATH = "/__p2claw/v1/agent"

# Announcements that one control connection may send at once, and in a minute: each is a commit.
_ANNOUNCE_BURST = 60
_ANNOUNCES_PER_MINUTE = 60.0

# Knocks that one control connection may ask for, each at up to 64 ports.
_KNOCK_BURST = 6
_KNOCKS_PER_MINUTE = 3.0

_GOING_DOWN = 1001
_NO_STORE = "The coordinator cannot read or write its data just now; it is tried again by itself"
_DEFAULT_PORTS = {"http": 80, "https": 443}


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
        self._memberships = memberships
        self._telling = telling
        self._standing = standing
        self.is_drained = False
        self._config = config
        self._presence = presence
        self._switchboard = switchboard
        self._store = store
        self._outboxes: set[Outbox] = set()
        self._let_go: set[Outbox] = set()
        self._audience = Audience(config)
        self._base = _base(config)
        self._knocker = Knocker()
        self._beside: set[asyncio.Task[None]] = set()
        self._join_policy = JoinPolicy(config, store)
        self._key_changes = KeyChanges(store, self._join_policy)
        limits = config.limits
        self._rate = SharedRate(
            "registrations",
            limits.registration_burst,
            limits.registrations_per_minute,
            limits.addresses,
            bus,
        )
        self._alias_rate = SharedRate(
            "aliases", limits.alias_burst, limits.aliases_per_minute, limits.addresses, bus
        )

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One control connection, from the upgrade to the close."""
        ws = new_socket(self._config.limits, shows_pongs=True)
        # A browser names the page that asks. None has a key to register, so none is let near.
        if not ws.can_prepare(request) or "Origin" in request.headers:
            return await self._greet(request)
        address = client_of(request, self._config.trusted_proxies)
        if self._lets_go:
            return drained()
        if (wait_s := await self._rate.spend(address)) > 0:
            log.info("registration refused", code="rate-limited", address=shortened(address))
            self._switchboard.counts["turned-away/rate-limited"] += 1
            return too_many("Too many registrations from this address", wait_s)
        await ws.prepare(request)
        async with Outbox(ws, request.transport, self._config.limits) as outbox:
            self._outboxes.add(outbox)
            try:
                await self._serve(request, ws, outbox, address)
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
        return ws

    async def _greet(self, request: web.Request) -> web.Response:
        """Send who this is, to an agent that does not register yet, and to whoever looks."""
        asked = request.query.get("audience")
        admits = asked and self._audience.admits(asked.lower(), reached_address(request))
        greeting = Greeting(
            follows=True,
            software=SOFTWARE,
            version=__version__,
            v=VERSION,
            min=VERSION,
            base=self._base,
            admits=None if asked is None else bool(admits),
            joins=self._join_policy.joins,
            invited=await self._invited(request),
        )
        return web.Response(
            status=426,
            body=encode_greeting(greeting),
            content_type="application/json",
            headers={"Upgrade": "websocket", "Cache-Control": "no-store"},
        )

    async def _invited(self, request: web.Request) -> bool | None:
        """Whether the invitation that is shown is good. Guesses cost what registrations cost."""
        code = request.headers.get(INVITE_FIELD)
        if code is None:
            return None
        address = client_of(request, self._config.trusted_proxies)
        if await self._rate.spend(address) > 0:
            return False
        try:
            return await self._join_policy.is_good(code)
        except StoreError as error:
            log.error("store failed", error=error.message)
            return None

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
    ) -> None:
        challenge = Challenge(nonce=secrets.token_bytes(32), time=int(time.time()), follows=True)
        outbox.send(encode_agent(challenge))
        register = await self._next_register(ws)
        if register is None:
            return
        try:
            record = await self._register(request, register, challenge, address)
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
            return
        try:
            await self._check_present(record)
        except BaseException:
            self._presence.give_back(record, token)
            raise
        connection = self._switchboard.new_connection()
        self._switchboard.boxes[connection] = outbox
        rendezvous = self._switchboard.rendezvous
        try:
            rendezvous.box_online(
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
            self._switchboard.counts["registered"] += 1
            log.info("box online", alias=record.alias, software=register.sw)
            del register, challenge  # a box is online for weeks, and there are many
            await self._read(ws, outbox, connection, record, address)
        finally:
            del self._switchboard.boxes[connection]
            # This node may have its lease again by now; the box goes elsewhere all the same.
            let_go = outbox in self._let_go
            self._presence.end(connection, let_go=let_go)
            rendezvous.box_offline(connection, moves=self._lets_go or let_go)
            self._switchboard.drain()
            log.info("control connection closed", alias=record.alias)

    async def _check_present(self, record: BoxRecord) -> None:
        """Raises RefusedError `key-replaced`: the key was changed since it was looked up, here or
        at another node. From here on whoever changes it puts this connection out.
        """
        here = self._switchboard.rendezvous.boxes.called(record.key_alias)
        if here is not None and len(here.later) > len(record.key_changes):
            raise key_replaced(here.public_key)
        if self._standing is not None:
            now = await self._store.box_of_key(record.public_key)
            if now is not None and now.public_key != record.public_key:
                raise key_replaced(now.public_key)

    async def _next_register(self, ws: web.WebSocketResponse) -> Register | None:
        """The registration; None if the agent went away before."""
        limit_s = self._config.limits.register_s
        try:
            async with asyncio.timeout(limit_s):
                async for message in ws:
                    if await _is_keepalive(ws, message):
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

    async def _register(
        self, request: web.Request, register: Register, challenge: Challenge, address: Address
    ) -> BoxRecord:
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
        if self._switchboard.rendezvous.full and (
            record is None or not self._switchboard.rendezvous.boxes.is_online(record.alias)
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

    async def _read(
        self,
        ws: web.WebSocketResponse,
        outbox: Outbox,
        connection: int,
        record: BoxRecord,
        address: Address,
    ) -> None:
        loop = asyncio.get_running_loop()
        bucket = TokenBucket(_ANNOUNCE_BURST, _ANNOUNCES_PER_MINUTE, loop.time())
        knocks = TokenBucket(_KNOCK_BURST, _KNOCKS_PER_MINUTE, loop.time())
        limits = self._config.limits
        messages = TokenBucket(
            limits.box_message_burst, limits.box_messages_per_minute, loop.time()
        )
        async for message in ws:
            # Nothing is read meanwhile: it is slowed, and loses nothing.
            if (wait_s := messages.reserve(loop.time(), 1, math.inf)) is not None and wait_s > 0:
                await asyncio.sleep(wait_s)
            self._switchboard.rendezvous.box_lives(connection)
            if await _is_keepalive(ws, message):
                continue
            if message.type is not WSMsgType.BINARY:
                raise RemoteProtocolError("An agent sends binary messages")
            match decode_agent(message.data):
                case Announce(seq, apps):
                    if self._switchboard.rendezvous.boxes.at(connection) is None:
                        return  # replaced: its messages must not undo those of its successor
                    if bucket.spend(loop.time()) > 0:
                        raise RefusedError("Too many announcements", code="rate-limited")
                    await self._announce(outbox, connection, record, seq, apps)
                case Claim(name):
                    if self._switchboard.rendezvous.boxes.at(connection) is None:
                        return
                    if bucket.spend(loop.time()) > 0:
                        raise RefusedError("Too many claims", code="rate-limited")
                    await self._claim(outbox, connection, record, name)
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
    ) -> None:
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
        await self._store.save_apps(record.public_key, accepted, int(time.time()))
        self._switchboard.rendezvous.box_announced(connection, accepted)
        self._switchboard.drain()
        outbox.send(encode_agent(Announced(seq, rejected)))
        log.info("apps announced", alias=record.alias, apps=len(accepted), rejected=len(rejected))

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


async def _is_keepalive(ws: web.WebSocketResponse, message: WSMessage) -> bool:
    """Whether it is a ping, to which this responds, or a pong."""
    if message.type is WSMsgType.PING:
        await ws.pong(message.data)
    return message.type in (WSMsgType.PING, WSMsgType.PONG)


def _base(config: ServerConfig) -> str:
    """The URL of any app, with `{label}` if the first label of its host goes."""
    port = config.listen_port if config.public_port is None else config.public_port
    suffix = "" if port == _DEFAULT_PORTS[config.scheme] else f":{port}"
    return f"{config.scheme}://{{label}}.{config.parent}{suffix}"
