"""The WebSocket of a visitor (docs/WIRE.md §12): JSON in and out around the rendezvous."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import replace

from aiohttp import WSMsgType, web

from p2claw import names
from p2claw.config import ServerConfig
from p2claw.coord.bus.base import Bus
from p2claw.coord.bus.locating import Entry, Found, Whereabouts
from p2claw.coord.client_address import Address, shortened
from p2claw.coord.ice import ice_servers
from p2claw.coord.leased_relays import LeasedRelays
from p2claw.coord.nearness import ANYWHERE, Nearness, nearness_of
from p2claw.coord.nodes.relayed_posts import new_session
from p2claw.coord.nodes.shared_rate import SharedRate
from p2claw.coord.outbox import Outbox
from p2claw.coord.rate_limits import RateLimit
from p2claw.coord.relay_fleet import RelayFleet, visit_key
from p2claw.coord.rendezvous import RETURNING_RETRY_S
from p2claw.coord.store.base import Store, StoreError
from p2claw.coord.switchboard import Switchboard
from p2claw.coord.teams import Chosen, Teams
from p2claw.coord.visit import VisitRequest
from p2claw.coord.visits import Visits
from p2claw.coord.websockets import client_of, new_socket, too_many
from p2claw.errors import RefusedError, RemoteProtocolError
from p2claw.log import get_log
from p2claw.wire.signalling import IceServer, Unknown, VisitError, decode_visit, encode_visit

log = get_log("coordinator")

PATH = "/__p2claw/v1/visit"
# The oldest that is served; the first that takes a second introduction.
VERSION = 1
SECOND_INTRODUCTION = 2

# Of several boxes that respond for a name, the one that a browser was at: sent with visits alone,
# and gone with the session of the browser.
BOX_COOKIE = "p2claw-box"

_NORMAL = 1000
_NOT_KNOWN = "It is not known just now at which server the box is"

# How long a message waits if its address sends too many. If it had to wait longer, the visit ends.
MOST_WAIT_S = 5.0

# A box that is offline, busy or silent is no fault of its visitors.
_FAILURES = frozenset({"alias-unknown", "app-unknown", "protocol", "version"})


class Visitors:
    """Serves the WebSockets of visitors, at `PATH`."""

    def __init__(
        self,
        config: ServerConfig,
        switchboard: Switchboard,
        store: Store,
        visits: Visits,
        relays: LeasedRelays | None = None,
        bus: Bus | None = None,
        fleet: RelayFleet | None = None,
        teams: Teams | None = None,
    ) -> None:
        self._teams = teams
        self._config = config
        self._fleet = fleet
        self._visits = visits
        self._bus = bus
        self._relays = relays
        self._switchboard = switchboard
        self._store = store
        limits = config.limits
        self._rate = SharedRate(
            "visits", limits.visit_burst, limits.visits_per_minute, limits.addresses, bus
        )
        self._failures = SharedRate(
            "failures", limits.failure_burst, limits.failures_per_minute, limits.addresses, bus
        )
        self._messages = RateLimit(
            limits.visit_message_burst, limits.visit_messages_per_minute, limits.addresses
        )
        self._addresses: dict[str, Address] = {}  # of visits under way
        switchboard.on_refused = self.refused
        visits.handing.another = self.another

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One visit, from the upgrade to the close."""
        ws = new_socket(self._config.limits)
        if not ws.can_prepare(request):
            return web.Response(status=426, text="Open this with a WebSocket.\n")
        session = self.new_session()
        asked = await self.admit(request, session)
        if isinstance(asked, VisitError) and asked.code == "rate-limited":
            return too_many(asked.message, asked.retry_s or 1)
        await ws.prepare(request)
        async with Outbox(ws, request.transport, self._config.limits) as outbox:
            if isinstance(asked, VisitError):
                outbox.send(encode_visit(asked))
                outbox.close(_NORMAL, asked.code)
                return ws
            self._switchboard.visitors[session] = outbox
            try:
                self.introduce(asked)
                await self._read(ws, session, client_of(request, self._config.trusted_proxies))
            finally:
                del self._switchboard.visitors[session]
                self.over(session)
                self._visits.gone(session)
        return ws

    def new_session(self) -> str:
        """The name of a visit that begins now."""
        return new_session(self._bus)

    async def spend(self, address: Address) -> float:
        """Count one visit of an address; how many seconds it should wait, 0: not at all."""
        return await self._rate.spend(address)

    async def admit(self, request: web.Request, session: str) -> VisitRequest | VisitError:
        """What a visitor asks for, or why it may not. Also for visits that are posted."""
        asked = await self._admit(request, session)
        if isinstance(asked, VisitError):
            self._switchboard.counts[f"refused/{asked.code}"] += 1
        return asked

    async def _admit(self, request: web.Request, session: str) -> VisitRequest | VisitError:
        # Both go to the bus together. If this node limits the visitor, neither does: a task that is
        # cancelled before it has begun does nothing.
        finding = self._find(request)
        try:
            return await self._admit_found(request, session, finding)
        finally:
            if finding is not None:
                finding.cancel()

    def _find(self, request: web.Request) -> asyncio.Task[Found] | None:
        """Look for a box that is not here, at other nodes."""
        if self._bus is None:
            return None
        try:
            alias, _ = _named(request)
        except RefusedError:
            return None
        if self._switchboard.rendezvous.boxes.is_online(alias):
            return None
        return asyncio.get_running_loop().create_task(self._bus.find(alias))

    async def _admit_found(
        self, request: web.Request, session: str, finding: asyncio.Task[Found] | None
    ) -> VisitRequest | VisitError:
        address = client_of(request, self._config.trusted_proxies)
        if (wait_s := await self.spend(address)) > 0:
            return _too_many(address, "Too many visits from here", wait_s)
        if self.is_foreign(request.headers.get("Origin")):
            return VisitError("protocol", "Only the page of an app or box visits it")
        try:
            named, app = _named(request)
            chosen = Chosen(named)
            if self._teams is not None:
                wanted = _wanted(request)
                chosen = await self._teams.choose(named, app, wanted, finding=finding)
            alias = chosen.alias
            if alias != named and finding is not None:
                finding.cancel()
                finding = None
            entry = None
            known = self._switchboard.rendezvous.boxes.is_online(alias)
            if not known and self._bus is not None:
                # It may have left this node meanwhile.
                found = await (finding or self._bus.find(alias))
                if found.whereabouts is Whereabouts.UNKNOWN:
                    return VisitError("going-down", _NOT_KNOWN, RETURNING_RETRY_S)
                entry = found.entry
                known = entry is not None
            if not known:
                # Whoever asks for a box that is there is not refused for what others do.
                if (wait_s := await self._failures.wait_s(address)) > 0:
                    return _too_many(address, "Too many failed visits from here", wait_s)
                known = await self._store.box_of_alias(alias) is not None
        except RefusedError as error:
            self._failures.note(address)
            return VisitError(error.code, error.message)
        except StoreError as error:
            log.error("store failed", error=error.message)
            return VisitError("going-down", "The coordinator cannot respond just now", 5)
        visitor = shortened(address)
        near = nearness_of(request, self._config, visitor)
        asked = self.request(session, alias, app, visitor, near, known, address, entry)
        takes_another = app is not None and int(request.query["v"]) >= SECOND_INTRODUCTION
        return replace(_at(asked, chosen), others=chosen.others and takes_another)

    async def another(self, asked: VisitRequest, tried: frozenset[str]) -> VisitRequest | None:
        """As of `HandingOn`."""
        if self._teams is None:
            return None
        named = asked.team or asked.alias
        self._teams.silent(asked.alias)
        chosen = await self._teams.choose(named, asked.app, "", tried)
        if not chosen.box:
            return None
        entry = None
        if self._bus is not None and not self._switchboard.rendezvous.boxes.is_online(chosen.alias):
            entry = (await self._bus.find(chosen.alias)).entry
            if entry is None:
                return None
        return _at(
            self.request(
                *(asked.session, chosen.alias, asked.app, asked.visitor, asked.near),
                address=asked.address,
                elsewhere=entry,
            ),
            chosen,
        )

    def request(
        self,
        session: str,
        alias: str,
        app: str | None,
        visitor: str,
        near: Nearness = ANYWHERE,
        known: bool = True,
        address: Address | None = None,
        elsewhere: Entry | None = None,
    ) -> VisitRequest:
        """A visit with its ICE servers. Arguments: of `VisitRequest`; elsewhere: where the box is,
        if it is at another node, which has the servers.
        """
        if elsewhere is not None:
            return VisitRequest(
                *(session, alias, app, known, visitor),
                address=address,
                node=elsewhere.node,
                facts=elsewhere.facts,
                near=near,
            )
        now_s = int(time.time())
        boxes = self._switchboard.rendezvous.boxes
        relay, account = boxes.may_relay(alias), boxes.account_of(alias)
        lease = self._relays.lease(now_s) if self._relays else None
        urls: tuple[str, ...] = ()
        measure = None
        if self._fleet is not None and relay:
            key = visit_key(account, visitor)
            urls = self._fleet.urls_for(key, near.regions, is_visit=True)
            measure = None if near.is_measured else self._fleet.to_measure(key, visitor)

        def servers(identifier: str) -> tuple[IceServer, ...]:
            return ice_servers(
                *(self._config, identifier, now_s),
                relay=relay,
                lease=lease,
                account=account,
                turn_urls=urls,
            )

        return VisitRequest(
            session=session,
            alias=alias,
            app=app,
            known=known,
            visitor=visitor,
            address=address,
            visitor_ice=servers(session),
            box_ice=servers(f"{session}-box"),
            relay_refusal=boxes.relay_refusal(account),
            near=near,
            measure=measure,
        )

    def is_foreign(self, origin: str | None) -> bool:
        """Whether a page asks that is not ours: its readers would be made to visit unawares.

        Programs, which have no origin, are let through: nobody else's browser runs them.
        """
        if origin is None:
            return False
        host = origin.lower().partition("://")[2].partition(":")[0]
        return not host.endswith("." + self._config.parent.lower())

    def introduce(self, asked: VisitRequest) -> None:
        """Begin a visit, whose outbox is in the switchboard. Call `over` at its end."""
        if asked.address is not None:
            self._addresses[asked.session] = asked.address
        self._visits.begin(asked)
        log.info(
            "visit",
            session=asked.session[:8],
            alias=asked.alias,
            app=asked.app,
            visitor=asked.visitor,
            **({"node": asked.node} if asked.node else {}),
        )

    def over(self, session: str) -> None:
        """A visit is over."""
        self._addresses.pop(session, None)

    def refused(self, session: str, code: str) -> None:
        """Note an error that is sent to a visitor: some count as a failure of its address."""
        address = self._addresses.get(session)
        if address is not None and code in _FAILURES:
            self._failures.note(address)

    async def may_send(self, address: Address, messages: int = 1) -> bool:
        """Wait until this address may send so many more; False: the wait would be too long.

        Nothing is read meanwhile: it is slowed, and loses nothing.
        """
        now = asyncio.get_running_loop().time()
        wait_s = self._messages.reserve(address, now, messages, MOST_WAIT_S)
        if wait_s:
            await asyncio.sleep(wait_s)
        return wait_s is not None

    async def _read(self, ws: web.WebSocketResponse, session: str, address: Address) -> None:
        async for message in ws:
            if not await self.may_send(address):
                self._visits.too_much(session)
                continue
            try:
                if message.type is not WSMsgType.TEXT:
                    raise RemoteProtocolError("A visitor sends text")
                decoded = decode_visit(message.data)
            except RemoteProtocolError as error:
                self._visits.violated(session, error.message)
            else:
                if not isinstance(decoded, Unknown):
                    self._visits.from_visitor(session, decoded)


def _at(asked: VisitRequest, chosen: Chosen) -> VisitRequest:
    return replace(
        asked,
        team=chosen.team,
        statements=chosen.statements,
        keeps=chosen.keeps,
        box=chosen.box,
        others=chosen.others,
    )


def _too_many(address: Address, message: str, wait_s: float) -> VisitError:
    log.info("visit refused", code="rate-limited", visitor=shortened(address))
    return VisitError("rate-limited", message, math.ceil(wait_s))


def _wanted(request: web.Request) -> str:
    """The peer id of the box that the visitor was at: on this page, or at an earlier visit."""
    return request.query.get("box") or request.cookies.get(BOX_COOKIE, "")


def _named(request: web.Request) -> tuple[str, str | None]:
    """Alias and app that a visitor asks for. Raises RefusedError with a code of §12."""
    version = request.query.get("v", "")
    if not (version.isascii() and version.isdigit() and len(version) <= 6):
        raise RefusedError("The address lacks its version, v=1", code="protocol")
    if int(version) < VERSION:
        raise RefusedError(f"Version {version} is too old: reload", code="version")
    alias = request.query.get("alias", "")
    if not names.ALIAS.fullmatch(alias):
        raise RefusedError(f"{alias[:40]!r} is not the name of a box", code="alias-unknown")
    app = request.query.get("app") or None
    if app is not None and not names.APP_NAME.fullmatch(app):
        raise RefusedError(f"{app[:40]!r} is not the name of an app", code="app-unknown")
    return alias, app
