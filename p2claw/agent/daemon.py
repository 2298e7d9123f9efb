"""The agent: all parts that run on a box, put together, from the start to the last request."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict

from prometheus_client.metrics_core import Metric

from p2claw import __version__
from p2claw.agent.access.guarding import (
    guard_from,
    guarded,
    guarded_as,
    invitation_from,
    limited_as,
)
from p2claw.agent.access.ledger import Guard
from p2claw.agent.access.ledger_keeper import LedgerKeeper
from p2claw.agent.access.question import Replies
from p2claw.agent.exposed import Exposed
from p2claw.agent.folders.inbox import check_writable
from p2claw.agent.home.coordinators import CoordinatorFile
from p2claw.agent.home.identity import Identity, load_or_create_identity
from p2claw.agent.home.lock import only_agent
from p2claw.agent.home.routes import Route, RouteFile, Routes, route_from, ways_of
from p2claw.agent.http.notices import Notice, Notices
from p2claw.agent.local.api import Json, local_api
from p2claw.agent.local.figures import AgentFigures, agent_metrics
from p2claw.agent.local.unix_socket import local_socket
from p2claw.agent.mapping.port_mapper import PortMapper
from p2claw.agent.registration import Registration
from p2claw.agent.usage import Usage
from p2claw.agent.visitors.in_process import InProcess
from p2claw.agent.visitors.refusals import by_kind
from p2claw.agent.visitors.traffic import by_app, no_traffic
from p2claw.agent.visitors.visitors import Visitors
from p2claw.agent.workers.assignment import Workers
from p2claw.config import AgentConfig, PublicAddress
from p2claw.dataplane.carrier.records import records_way
from p2claw.errors import UsageError
from p2claw.link.control import ControlConnection, ControlState
from p2claw.link.ice.address_watch import AddressWatch
from p2claw.log import get_log
from p2claw.metrics import Metrics, metrics_listener
from p2claw.wire.frames.codec import CODEC
from p2claw.wire.signalling import BoxOffer

log = get_log("agent")

CONTROL_PATH = "/__p2claw/v1/agent"

# The wait after an error of our own on the control connection. Open links do not need that
# connection, so the agent goes on.
FAULT_WAIT_S = 5.0


class Agent:
    """One agent. Make it on its loop, then `run`; the other methods are for its local API.

    Raises UsageError and IdentityError if the home cannot be used.
    """

    def __init__(self, config: AgentConfig) -> None:
        self._config = config
        self._started_s = time.monotonic()
        self.metrics = Metrics(self._figures)
        self.metrics_url = ""
        """Where they are read over TCP, while it runs; "": nowhere."""
        self._stop = asyncio.Event()
        self._stop_now = asyncio.Event()
        self._exposed = Exposed(RouteFile(config.routes_path), self._apply)
        self._reloads: set[asyncio.Task[None]] = set()
        self._identity = load_or_create_identity(config.identity_path)
        self._notices = Notices()
        self._keeper = LedgerKeeper(
            config.access_path,
            self._identity.peer_id,
            lambda sessions: self._visitors.entries_ended(sessions),
        )
        self._visitors = _visitors(
            config,
            self._identity,
            self._notices.add,
            lambda: self._control.doubt(),
            self._keeper.reply,
            lambda: self._registration.redial(),
        )
        self._usage = Usage(
            config.usage_path, lambda: self._visitors.traffic(), self._visitors.close_apps
        )
        self._registration = Registration(
            self._identity,
            config.audience,
            lambda: self._exposed.routes,
            self._visitors,
            accepted=self._remember if config.remember else None,
            invite=config.invite,
        )
        self._control = ControlConnection(
            config.coordinator.rstrip("/") + CONTROL_PATH, self._registration.serve
        )
        self._mapper: PortMapper | None = None
        if config.map_ports:
            self._mapper = PortMapper(self._visitors.udp_ports, self._mapped)

    async def run(
        self,
        ready: Callable[[], None] = lambda: None,
        stopping: Callable[[], None] = lambda: None,
    ) -> None:
        """Run until `stop`; then let open requests finish, for `drain_s` at most.

        ready: called once the local API serves. stopping: before open requests
        finish. Raises UsageError `routes-damaged` …
        """
        async with AsyncExitStack() as stack:
            await self._exposed.load()
            await self._keeper.load()
            stack.push_async_callback(self._keeper.close)
            await self._usage.load()
            stack.push_async_callback(self._usage.close)
            listening = stack.enter_context(local_socket(self._config.socket_path))
            stack.push_async_callback(self._visitors.close)
            await self._visitors.start()
            await stack.enter_async_context(local_api(self, listening))
            self.metrics_url = await stack.enter_async_context(
                metrics_listener(self._config.metrics, self.metrics)
            )
            log.info(
                "agent started",
                version=__version__,
                peer_id=self._identity.peer_id,
                apps=len(self._exposed.routes),
                coordinator=self._config.coordinator,
            )
            watch = AddressWatch(self._addresses_changed)
            watch.start()
            stack.callback(watch.close)
            lasting = {
                asyncio.create_task(self._keep_registered()),
                asyncio.create_task(self._usage.run()),
            }
            if self._mapper is not None:
                lasting.add(asyncio.create_task(self._mapper.run()))
            try:
                ready()
                await self._stop.wait()
            finally:
                stopping()
                for task in lasting:
                    task.cancel()
                await asyncio.wait(lasting)
                await self._drain()
        log.info("agent stopped")

    def stop(self) -> None:
        """Begin to drain; the second time, end at once."""
        (self._stop_now if self._stop.is_set() else self._stop).set()

    async def reload(self) -> Json:
        """Read the routes again. Links stay. Raises UsageError, and then nothing changes."""
        await self._exposed.load()
        await self._keeper.load()
        await self._registration.announce()
        log.info("routes reloaded", apps=len(self._exposed.routes))
        return {"apps": len(self._exposed.routes)}

    def reload_soon(self) -> None:
        """`reload`, for a signal: what goes wrong is logged."""
        task = asyncio.create_task(self._reload_and_log())
        self._reloads.add(task)
        task.add_done_callback(self._reloads.discard)

    async def put_route(self, app: str, entry: object) -> Json:
        """Expose app, guarded as it was if entry does not say how. Raises UsageError."""
        route, guard = self._wanted(app, entry)
        if guard is not None:
            await self._keeper.guard(app, guard)
        await self._exposed.put(route)
        if not route.guarded:
            await self._keeper.forget(app)
        await self._registration.announce()
        log.info("app exposed", app=app, upstream=route.upstream.text)
        return self._describe(route)

    async def delete_route(self, app: str) -> Json:
        """Stop exposing app: requests on open links get a 404. Raises UsageError."""
        await self._exposed.remove(app)
        await self._keeper.forget(app)
        await self._registration.announce()
        log.info("app unexposed", app=app)
        return {"app": app}

    @asynccontextmanager
    async def share(self, app: str, entry: object) -> AsyncIterator[Callable[[], Awaitable[Json]]]:
        """Expose app while the block runs. The block gets a function that describes the app now.

        Raises UsageError.
        """
        route, guard = self._wanted(app, entry)
        # An app that is exposed for good keeps its guard: it is only watched.
        if guard is not None and app not in self._exposed.routes:
            if not (isinstance(entry, dict) and entry.get("fresh") is False):
                await self._keeper.forget(app)
            await self._keeper.guard(app, guard)
        await self._exposed.share(route)
        log.info("app exposed", app=app, upstream=route.upstream.text)
        try:
            await self._registration.announce()
            yield lambda: self._shared(route)
        finally:
            if await asyncio.shield(self._exposed.unshare(route)):
                await asyncio.shield(self._keeper.forget(app))
                log.info("app unexposed", app=app)
                await asyncio.shield(self._registration.announce())

    def routes(self) -> Json:
        """All routes, by name of the app."""
        return {
            "routes": [self._describe(route) for _, route in sorted(self._exposed.routes.items())]
        }

    async def sessions(self) -> Json:
        """All open links, the oldest first."""
        links = await self._visitors.links()
        return {
            "sessions": [
                {
                    "id": link.id,
                    "app": link.app,
                    "path": link.path,
                    "age_s": round(link.age_s, 1),
                    "streams": link.streams,
                    "bytes_in": link.bytes_in,
                    "bytes_out": link.bytes_out,
                    "relayed_in": link.relayed_in,
                    "relayed_out": link.relayed_out,
                    "rtt_ms": None if link.rtt_s is None else round(link.rtt_s * 1000, 1),
                    "software": link.software,
                    "plane": link.plane,
                    "udp": link.udp,
                    "worker": worker,
                }
                for worker, link in sorted(links, key=lambda item: -item[1].age_s)
            ]
        }

    def usage(self) -> Json:
        """What each app has moved in each month."""
        self._usage.look()
        return self._usage.facts()

    async def unshare(self, app: str) -> Json:
        """Stop sharing app, whoever shares it. Raises UsageError."""
        await self._exposed.unshare_app(app)
        await self._keeper.forget(app)
        await self._registration.announce()
        log.info("app unexposed", app=app)
        return {"app": app}

    async def claim(self, alias: str) -> Json:
        """Make an alias that was chosen this box's own. Raises UsageError."""
        names = await self._registration.claim(alias)
        return {
            "alias": names.alias,
            "others": list(names.others),
            "key_alias": names.key_alias,
            "url": names.url(None),
        }

    async def invite(self, app: str, wish: object) -> Json:
        """Make an invitation to an app, and the URL of it. Raises UsageError."""
        name, uses, for_s = invitation_from(wish)
        if app not in self._exposed.routes:
            raise UsageError(f"No app {app!r} is exposed here", code="app-unknown")
        made, token = await self._keeper.invite(app, name, uses, for_s)
        names = self._registration.names
        urls = (None, None) if names is None else (names.url(app), names.key_url(app))
        url, key_url = (f"{url}#i={token}" if url else None for url in urls)
        return {**made, "token": token, "url": url, "key_url": key_url}

    def invitations(self) -> Json:
        """All invitations."""
        return {"invitations": self._keeper.invitations()}

    async def revoke(self, id: str) -> Json:
        """End an invitation, and what it let in. Raises UsageError."""
        return await self._keeper.revoke(id)

    def _wanted(self, app: str, entry: object) -> tuple[Route, Guard | None]:
        """The route of an entry, and the new guard of it, if it has one. Raises UsageError."""
        before = self._exposed.routes.get(app)
        if not isinstance(entry, dict) or "guard" not in entry:
            route, guard = route_from(app, entry), None
            route = guarded_as(route, before)
        else:
            guard = guard_from(entry["guard"])
            rest = {key: value for key, value in entry.items() if key not in _OF_GUARD}
            route = guarded(route_from(app, rest), guard)
        if not isinstance(entry, dict) or "monthly_bytes" not in entry:
            route = limited_as(route, before)
        if route.upstream.writable:
            check_writable(route.upstream.folder)
        return route, guard

    async def _shared(self, route: Route) -> Json:
        """The state of a shared app: its URLs, its links, and whether it is still exposed."""
        control = self._control
        links = (await self.sessions())["sessions"]
        return {
            **self._describe(route),
            "exposed": self._exposed.routes.get(route.app) == route,
            "online": control.state is ControlState.ONLINE,
            "last_error": control.last_error,
            "coordinator": self._config.coordinator,
            "sessions": [link for link in links if link["app"] == route.app],
        }

    def status(self) -> Json:
        """The state of the agent. Names are null until the box has first registered."""
        names = self._registration.names
        control = self._control
        way = records_way()
        traffic = by_app(self._visitors.traffic())
        limits = self._config.limits
        return {
            "version": __version__,
            "pid": os.getpid(),
            "peer_id": self._identity.peer_id,
            "alias": None if names is None else names.alias,
            "key_alias": self._identity.key_alias,
            "coordinator": {
                "url": self._config.coordinator,
                "state": control.state.value,
                "since_s": round(time.monotonic() - control.state_since_s, 1),
                "last_error": control.last_error,
            },
            "apps": [
                {
                    **app,
                    "notices": self._notices.of(app["app"]),
                    "traffic": traffic.get(app["app"], no_traffic()),
                }
                for app in self.routes()["routes"]
            ],
            "relay_limits": {
                "visit_bytes": limits.relayed_bytes_per_visit or None,
                "day_bytes": limits.relayed_bytes_per_day or None,
            },
            "links": len(self._visitors),
            "workers": [
                {
                    "number": worker.number,
                    "pid": worker.pid,
                    "links": worker.links,
                    "uptime_s": round(worker.uptime_s, 1),
                    "restarts": worker.restarts,
                    "udp_port": worker.udp_port,
                    "is_port_open": worker.is_port_open,
                }
                for worker in self._visitors.workers()
            ],
            "port_mappings": [asdict(one) for one in self._mapper.facts] if self._mapper else None,
            "refused": by_kind(self._visitors.refused()),
            "uptime_s": round(time.monotonic() - self._started_s, 1),
            "access_key": self._keeper.public_key(),
            "codec": CODEC.name,
            "data_plane": {"records": way.name, "trouble": way.trouble},
        }

    async def _figures(self) -> list[Metric]:
        links = await self._visitors.links()  # first: the traffic has more of them then
        return agent_metrics(
            AgentFigures(
                is_online=self._control.state is ControlState.ONLINE,
                apps=tuple(self._exposed.routes),
                links=tuple(link for _, link in links),
                workers=tuple(self._visitors.workers()),
                traffic=self._visitors.traffic(),
                refused=self._visitors.refused(),
                month={app: self._usage.of(app).bytes for app in self._exposed.routes},
                limits={
                    app: route.monthly_bytes
                    for app, route in self._exposed.routes.items()
                    if route.monthly_bytes
                },
            )
        )

    def _describe(self, route: Route) -> Json:
        names = self._registration.names
        return {
            "app": route.app,
            "url": None if names is None else names.url(route.app),
            "key_url": None if names is None else names.key_url(route.app),
            "upstream": route.upstream.text,
            "preserve_host": route.preserve_host,
            "chunked": route.chunked,
            "guarded": ways_of(route),
            "monthly_bytes": route.monthly_bytes or None,
            "rejected": self._registration.rejected.get(route.app, ""),
        }

    def _addresses_changed(self) -> None:
        self._control.addresses_changed()
        if self._mapper is not None:
            self._mapper.addresses_changed()

    def _mapped(self, addresses: Mapping[int, PublicAddress]) -> None:
        self._visitors.mapped(addresses)
        self._registration.redial()

    def _apply(self, routes: Routes) -> None:
        self._notices.keep(routes)
        self._visitors.apply(routes)
        self._usage.apply(routes)

    async def _keep_registered(self) -> None:
        while True:
            try:
                await self._control.run()
            except Exception as error:
                log.fault("control connection failed", error)
            await asyncio.sleep(FAULT_WAIT_S)

    async def _remember(self) -> None:
        """Keep the coordinator as the one of this box: it has accepted the box."""
        file = CoordinatorFile(self._config.coordinators_path)
        try:
            await asyncio.to_thread(file.remember, self._config.coordinator)
        except UsageError as error:
            log.error("coordinator not remembered", code=error.code, error=error.message)
        else:
            log.info("coordinator remembered", coordinator=self._config.coordinator)

    async def _drain(self) -> None:
        """Let open requests finish, for `drain_s` at most; a second `stop` ends the wait."""
        log.info("agent drains", links=len(self._visitors), at_most_s=self._config.limits.drain_s)
        draining = asyncio.create_task(self._visitors.drain(self._config.limits.drain_s))
        hurry = asyncio.create_task(self._stop_now.wait())
        await asyncio.wait({draining, hurry}, return_when=asyncio.FIRST_COMPLETED)
        for task in (draining, hurry):
            task.cancel()
        await asyncio.wait({draining, hurry})
        await self._visitors.close()

    async def _reload_and_log(self) -> None:
        try:
            await self.reload()
        except UsageError as error:
            log.error("routes not reloaded", code=error.code, error=error.message)


_OF_GUARD = ("guard", "guarded", "fresh")


def _visitors(
    config: AgentConfig,
    identity: Identity,
    noticed: Callable[[Notice], None],
    silent: Callable[[], None],
    ask: Replies,
    redial: Callable[[], None],
) -> Visitors:
    if config.workers > 1:
        return Workers(identity, config, noticed, silent, ask, redial)

    async def sign(offer: BoxOffer, fingerprint: bytes) -> bytes:
        return identity.sign_answer(offer, fingerprint)

    return InProcess(
        sign,
        config.limits,
        config.home,
        noticed=noticed,
        silent=silent,
        udp_port=config.udp_port,
        public_addresses=config.public_addresses,
        ask=ask,
    )


async def run_agent(
    config: AgentConfig,
    ready: Callable[[Agent], None],
    stopping: Callable[[], None] = lambda: None,
) -> None:
    """Run the one agent of a home, under the signals of this process, to its end.

    ready, stopping: as of `Agent.run`. Raises UsageError, IdentityError.
    """
    with only_agent(config.lock_path):
        agent = Agent(config)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, agent.stop)
        loop.add_signal_handler(signal.SIGINT, agent.stop)
        loop.add_signal_handler(signal.SIGHUP, agent.reload_soon)
        await agent.run(lambda: ready(agent), stopping)
