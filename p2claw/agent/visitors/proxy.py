"""Hands each request of a visitor to the upstream of its app.

If that fails, the visitor gets an error response of the box. There is one proxy per process: it
owns the pools of connections and the room for request bodies.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from p2claw.agent.access.entrance import Entrance, for_nobody_else, is_page
from p2claw.agent.access.own_requests import is_own
from p2claw.agent.access.pages import PREFIX as OWN
from p2claw.agent.access.question import Grant, Replies, nobody_enters
from p2claw.agent.folders.serving import Folders
from p2claw.agent.home.routes import Route, Routes
from p2claw.agent.http.exchange import Exchange
from p2claw.agent.http.fields import Fields, Visit
from p2claw.agent.http.https_only import HttpsOnlyApps
from p2claw.agent.http.notices import Notice
from p2claw.agent.http.observer import Observer
from p2claw.agent.http.spool import SpoolSpace
from p2claw.agent.http.under_way import UnderWay
from p2claw.agent.http.unread import Unread
from p2claw.agent.request_faults import (
    AccessEndedFault,
    AppUnknownFault,
    BadRequestFault,
    BoxBusyFault,
    MonthUsedUpFault,
    RelayLimitFault,
    RequestFault,
)
from p2claw.agent.upstream.address import UpstreamAddress
from p2claw.agent.upstream.dial import dial
from p2claw.agent.upstream.pool import Pool
from p2claw.agent.visitors.month_gate import MonthGate
from p2claw.agent.visitors.refusals import REQUESTS, Refusals
from p2claw.agent.visitors.relaying import RelayMeter
from p2claw.agent.visitors.traffic import Traffic
from p2claw.agent.websockets.bridge import WebSocketBridge
from p2claw.config import AgentLimits
from p2claw.fair_shares import FairShares
from p2claw.late_task import in_task
from p2claw.link.stream import BoxStream
from p2claw.log import get_log
from p2claw.wire.frames.heads import error_response
from p2claw.wire.frames.hello import WEBSOCKET

log = get_log("agent")


class Proxy:
    """All requests of the visitors of one process.

    route_of: returns the route of an app now; None if it is not exposed. noticed: called once with
    each thing that is noticed about an app. folders: serves the apps that are folders. refusals:
    where error responses are counted. ask: replies who may enter the apps that are guarded.
    """

    def __init__(
        self,
        route_of: Callable[[str], Route | None],
        space: SpoolSpace,
        limits: AgentLimits,
        noticed: Callable[[Notice], None],
        folders: Folders,
        refusals: Refusals | None = None,
        ask: Replies = nobody_enters,
    ) -> None:
        self._under_way: set[UnderWay] = set()
        self.entrance = Entrance(ask, self._under_way)
        self.month_gate = MonthGate(self._under_way)
        self._refusals = refusals or Refusals()
        self._route_of = route_of
        self._folders = folders
        self._space = space
        self._limits = limits
        self._https_only = HttpsOnlyApps()
        self._observer = Observer(noticed)
        self._pools: dict[UpstreamAddress, Pool] = {}
        self._pool_of: dict[str, tuple[Route, Pool]] = {}  # by app, since the routes last changed
        self._sockets = FairShares(limits.sockets)
        self.unread = Unread(limits.unread_bytes)
        self._faults: dict[str, str] = {}  # app: the code of its latest fault, while it lasts

    async def forward(
        self, stream: BoxStream, visit: Visit, meter: RelayMeter | None = None
    ) -> None:
        """Serve one request. Its task is cancelled if nobody wants the response any more.

        meter: of the link; None: what is relayed is not limited.
        """
        began_s = time.monotonic()
        exchange: Exchange | WebSocketBridge | None = None
        meter = meter or RelayMeter(Traffic())
        try:
            route = self._route_of(visit.app)
            if route is None:
                raise AppUnknownFault(f"{visit.app} is not exposed")
            grant = None
            if route.guarded or (stream.request.target.startswith(OWN) and is_own(stream)):
                await in_task()
                grant = await self.entrance.enter(stream, route, visit, meter.look)
                if grant is None:
                    return
                if self._route_of(visit.app) != route:
                    raise AccessEndedFault(f"{visit.app} has changed meanwhile")
            gate = self.month_gate
            if visit.app in gate.until and not await gate.enter(stream, visit):
                self._refusals.count(REQUESTS, MonthUsedUpFault.code)
                return
            session = grant.session if grant is not None else ""
            pool = self._pool(route)
            with UnderWay(route, session, pool.loop) as under_way:
                meter.watch(under_way)
                self._under_way.add(under_way)
                under_way.at_end.append(self._under_way.discard)
                if grant is not None:
                    self.entrance.limit(under_way, route, grant)
                exchange = self._exchange(stream, route, visit, pool, grant)
                exchange.responding = partial(meter.traffic.responded, visit.app, began_s)
                if isinstance(exchange, WebSocketBridge):
                    with self._socket(visit):
                        await exchange.run()
                else:
                    await exchange.run(self._space)
        except RequestFault as fault:
            self._note(visit.app, fault)
            self._refusals.count(REQUESTS, fault.code)
            responded = exchange is not None and exchange.responded
            await _send_error(stream, fault, responded=responded)
        else:
            if self._faults:
                self._recovered(visit.app)

    def apply(self, routes: Routes) -> None:
        """The routes have changed: forget all other upstreams. Exchanges under way may finish."""
        self._observer.keep(routes)
        self.entrance.apply(routes)
        upstreams = {route.upstream for route in routes.values()}
        self._pool_of.clear()
        for address in self._pools.keys() - upstreams:
            self._pools.pop(address).retire()
        self._folders.keep(upstreams)

    def close(self) -> None:
        """Close every connection. All exchanges have ended, or been cancelled, before."""
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()
        self._pool_of.clear()
        self._folders.close()

    def _exchange(
        self, stream: BoxStream, route: Route, visit: Visit, pool: Pool, grant: Grant | None
    ) -> Exchange | WebSocketBridge:
        user = () if grant is None else _said_of(grant)
        if stream.request.protocol == WEBSOCKET:
            if route.upstream.folder:
                raise BadRequestFault("A folder has no WebSockets")
            limits = self._limits.upstream
            return WebSocketBridge(stream, route, visit, limits, self._observer, self.unread, user)
        exchange = Exchange(
            stream,
            route,
            visit,
            pool,
            self._limits.request_idle_s,
            self._https_only,
            self._observer,
            self.unread,
            user,
        )
        if grant is not None:
            page = is_page(stream.request.fields, stream.request.method)
            exchange.guarded = lambda fields: for_nobody_else(fields, page=page)
        return exchange

    @contextmanager
    def _socket(self, visit: Visit) -> Iterator[None]:
        """Count one WebSocket against the visitor's share of them. Raises BoxBusyFault."""
        holder = id(visit), visit.visitor
        if not self._sockets.may(*holder):
            raise BoxBusyFault(
                f"{self._sockets.in_use} of {self._sockets.total} WebSockets are open, "
                "and this visitor has its share of them"
            )
        self._sockets.hold(*holder)
        try:
            yield
        finally:
            self._sockets.release(*holder)

    def _pool(self, route: Route) -> Pool:
        # To find it by its address takes longer than all else here.
        known = self._pool_of.get(route.app)
        if known is not None and known[0] is route:
            return known[1]
        pool = self._pool_at(route.upstream)
        self._pool_of[route.app] = route, pool
        return pool

    def _pool_at(self, address: UpstreamAddress) -> Pool:
        pool = self._pools.get(address)
        if pool is None:
            dial_it = self._folders.dial if address.folder else dial
            pool = self._pools[address] = Pool(address, self._limits.upstream, dial_it)
        return pool

    def _note(self, app: str, fault: RequestFault) -> None:
        """Log when an app begins to fail, or fails in another way; not once per request."""
        if isinstance(fault, RelayLimitFault | MonthUsedUpFault):
            return  # no fault of the app; who decided it has logged it
        if self._faults.get(app) != fault.code and fault.status >= 500:
            self._faults[app] = fault.code
            log.warning("app fails", app=app, code=fault.code, error=fault.message)
        else:
            log.debug("request failed", app=app, code=fault.code, error=fault.message)

    def _recovered(self, app: str) -> None:
        if self._faults.pop(app, None) is not None:
            log.info("app responds again", app=app)


def _said_of(grant: Grant) -> Fields:
    """The fields that name the visitor to a guarded app (docs/ACCESS.md)."""
    return (
        ("x-p2claw-user", grant.user),
        ("x-p2claw-access", grant.way),
        ("x-p2claw-token", grant.statement),
    )


async def _send_error(stream: BoxStream, fault: RequestFault, *, responded: bool) -> None:
    """Send an error response, or end one that has begun. Raises the errors of the stream."""
    if isinstance(fault, AccessEndedFault | RelayLimitFault | MonthUsedUpFault) and responded:
        stream.reset(fault.reset, fault.line)  # also what is still queued
        return
    if responded:
        await stream.cut_off(fault.reset, fault.line)
        return
    head, body = error_response(fault.status, fault.code, fault.line)
    if fault.retry_s:
        head = replace(head, fields=(*head.fields, ("retry-after", str(fault.retry_s))))
    if stream.request.method == "HEAD":
        await stream.respond(head, end=True)
        return
    await stream.respond(head)
    await stream.write(body, end=True)
