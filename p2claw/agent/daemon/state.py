"""The state of an agent as JSON, for the local API: docs/OPERATIONS.md explains each key."""

from __future__ import annotations

import os
import time
from dataclasses import asdict

from prometheus_client.metrics_core import Metric

from p2claw import __version__
from p2claw.agent.daemon.parts import Parts
from p2claw.agent.daemon.relay_budgets import operators_budget, own_limits
from p2claw.agent.home.routes import Route, ways_of
from p2claw.agent.local.api import Json
from p2claw.agent.local.figures import AgentFigures, agent_metrics
from p2claw.agent.visitors.refusals import by_kind
from p2claw.agent.visitors.traffic import by_app, no_traffic
from p2claw.dataplane.carrier.records import records_way
from p2claw.link.control import ControlState
from p2claw.metrics import Metrics
from p2claw.wire.frames.codec import CODEC


class State:
    """Reports what the parts of one agent do now. It changes nothing.

    metrics: the same as figures for Prometheus.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._started_s = time.monotonic()
        self.metrics = Metrics(self._figures)

    def status(self) -> Json:
        """The state of the agent. Names are null until the box has first registered."""
        parts = self._parts
        names = parts.registration.names
        way = records_way()
        return {
            "version": __version__,
            "pid": os.getpid(),
            "peer_id": parts.identity.peer_id,
            "alias": None if names is None else names.alias,
            "key_alias": parts.identity.key_alias,
            "coordinator": self._coordinator(),
            "apps": self._apps(),
            "relay_limits": own_limits(parts.config.limits, parts.usage.relayed_today()),
            "relay_budget": operators_budget(parts.registration.relayed),
            "links": len(parts.visitors),
            "workers": self._workers(),
            "port_mappings": [asdict(one) for one in parts.mapper.facts] if parts.mapper else None,
            "refused": by_kind(parts.visitors.refused()),
            "uptime_s": round(time.monotonic() - self._started_s, 1),
            "access_key": parts.keeper.public_key(),
            "codec": CODEC.name,
            "data_plane": {"records": way.name, "trouble": way.trouble},
        }

    async def sessions(self) -> Json:
        """All open links, the oldest first."""
        links = await self._parts.visitors.links()
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
        self._parts.usage.look()
        return self._parts.usage.facts()

    def routes(self) -> Json:
        """All routes, by name of the app."""
        routes = sorted(self._parts.exposed.routes.items())
        return {"routes": [self.route(route) for _, route in routes]}

    def route(self, route: Route) -> Json:
        """One route, with the URLs of its app."""
        registration = self._parts.registration
        names = registration.names
        return {
            "app": route.app,
            "url": None if names is None else names.url(route.app),
            "key_url": None if names is None else names.key_url(route.app),
            "upstream": route.upstream.text,
            "preserve_host": route.preserve_host,
            "chunked": route.chunked,
            "guarded": ways_of(route),
            "monthly_bytes": route.monthly_bytes or None,
            "rejected": registration.rejected.get(route.app, ""),
        }

    async def shared(self, route: Route) -> Json:
        """A shared app: its URLs, its links, and whether it is still exposed."""
        control = self._parts.control
        links = (await self.sessions())["sessions"]
        return {
            **self.route(route),
            "exposed": self._parts.exposed.routes.get(route.app) == route,
            "online": control.state is ControlState.ONLINE,
            "last_error": control.last_error,
            "coordinator": self._parts.config.coordinator,
            "sessions": [link for link in links if link["app"] == route.app],
        }

    async def _figures(self) -> list[Metric]:
        parts = self._parts
        links = await parts.visitors.links()  # first: the traffic has more of them then
        return agent_metrics(
            AgentFigures(
                is_online=parts.control.state is ControlState.ONLINE,
                apps=tuple(parts.exposed.routes),
                links=tuple(link for _, link in links),
                workers=tuple(parts.visitors.workers()),
                traffic=parts.visitors.traffic(),
                refused=parts.visitors.refused(),
                month={app: parts.usage.of(app).bytes for app in parts.exposed.routes},
                limits={
                    app: route.monthly_bytes
                    for app, route in parts.exposed.routes.items()
                    if route.monthly_bytes
                },
            )
        )

    def _coordinator(self) -> Json:
        control = self._parts.control
        return {
            "url": self._parts.config.coordinator,
            "state": control.state.value,
            "since_s": round(time.monotonic() - control.state_since_s, 1),
            "last_error": control.last_error,
        }

    def _apps(self) -> list[Json]:
        traffic = by_app(self._parts.visitors.traffic())
        return [
            {
                **app,
                "notices": self._parts.notices.of(app["app"]),
                "traffic": traffic.get(app["app"], no_traffic()),
            }
            for app in self.routes()["routes"]
        ]

    def _workers(self) -> list[Json]:
        return [
            {
                "number": worker.number,
                "pid": worker.pid,
                "links": worker.links,
                "uptime_s": round(worker.uptime_s, 1),
                "restarts": worker.restarts,
                "udp_port": worker.udp_port,
                "is_port_open": worker.is_port_open,
                "cpu_percent": worker.cpu_percent,
            }
            for worker in self._parts.visitors.workers()
        ]
