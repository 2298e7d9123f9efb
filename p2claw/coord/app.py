"""Puts the coordinator into an aiohttp application: two WebSockets, posts of visitors,
and health checks.
"""

from __future__ import annotations

from collections import Counter

from aiohttp import web

from p2claw.config import ASK_PATH, ServerConfig
from p2claw.coord import agents, posted_visits, visitors
from p2claw.coord.agents import Agents
from p2claw.coord.ask import Ask
from p2claw.coord.health import Health
from p2claw.coord.leased_relays import LeasedRelays
from p2claw.coord.operator import Operator
from p2claw.coord.posted_visits import PostedVisits
from p2claw.coord.rendezvous import Rendezvous
from p2claw.coord.server_timing import ServerTiming
from p2claw.coord.store.base import Store
from p2claw.coord.store.remembering import RememberingStore
from p2claw.coord.switchboard import Switchboard
from p2claw.coord.visitors import Visitors


class Coordinator:
    """The coordinator of one process."""

    def __init__(
        self,
        switchboard: Switchboard,
        agents: Agents,
        health: Health,
        server_timing: ServerTiming,
        operator: Operator,
        relays: LeasedRelays | None,
        store: Store,
    ) -> None:
        self.relays = relays
        """Whose `keep` is the caller's to run, if there are any."""
        self.server_timing = server_timing
        self.operator = operator
        self.health = health
        self._switchboard = switchboard
        self._agents = agents
        self._store = store

    @property
    def rendezvous(self) -> Rendezvous:
        """Who is online; to be looked at only."""
        return self._switchboard.rendezvous

    @property
    def counts(self) -> Counter[str]:
        """What happened since the start, by name, as the switchboard has it."""
        return self._switchboard.counts

    @property
    def is_store_there(self) -> bool:
        """False: the database is gone, and this server goes on from memory."""
        return not isinstance(self._store, RememberingStore) or self._store.is_there

    def shut_down(self) -> None:
        """Send visitors and agents word that this process goes down; it may be called twice."""
        self.health.going_down = True
        self._switchboard.shut_down()
        self._agents.shut_down()


def add_coordinator(app: web.Application, config: ServerConfig, store: Store) -> Coordinator:
    """Add the coordinator. The store stays the caller's to close, after the application is down.

    The port in `config.listen` is the one that is really listened on, never 0.
    """
    switchboard = Switchboard(config.limits)
    health = Health(store, config.parent, config.names)
    boxes = Agents(config, switchboard, store)
    relays = None if config.turn_key is None else LeasedRelays(config.turn_key)
    server_timing = ServerTiming(config, switchboard.rendezvous, relays)
    operator = Operator(store, switchboard, config.joining)
    coordinator = Coordinator(switchboard, boxes, health, server_timing, operator, relays, store)
    app.middlewares.append(health.middleware())
    app.router.add_get(agents.PATH, boxes.handle)
    app.router.add_get(ASK_PATH, Ask(config, store).handle)
    by_socket = Visitors(config, switchboard, store, relays)
    by_post = PostedVisits(config, switchboard, by_socket, server_timing)
    app.router.add_get(visitors.PATH, by_socket.handle)
    app.router.add_post(visitors.PATH, by_post.begin)
    app.router.add_post(posted_visits.NEXT_PATH, by_post.next)

    async def shut_down(_: web.Application) -> None:
        coordinator.shut_down()

    app.on_shutdown.append(shut_down)
    return coordinator
