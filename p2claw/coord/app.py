"""Puts the coordinator into an aiohttp application: two WebSockets, posts of visitors,
and health checks.
"""

from __future__ import annotations

import asyncio
from collections import Counter

from aiohttp import web

from p2claw.config import ASK_PATH, ServerConfig
from p2claw.coord import agents, posted_visits, visitors
from p2claw.coord.agents import Agents
from p2claw.coord.ask import Ask
from p2claw.coord.backups import Backups
from p2claw.coord.bus.base import Bus
from p2claw.coord.bus.members import DRAIN_S
from p2claw.coord.health import Health
from p2claw.coord.leased_relays import LeasedRelays
from p2claw.coord.measuring import NEAR_PATH, Measuring
from p2claw.coord.memberships import Memberships
from p2claw.coord.nodes.forwarding import Forwarding
from p2claw.coord.nodes.node import Node
from p2claw.coord.nodes.presence import Presence
from p2claw.coord.nodes.standing import NodeStanding, Standing
from p2claw.coord.nodes.watching import Watching
from p2claw.coord.operator import Operator
from p2claw.coord.posted_visits import PostedVisits
from p2claw.coord.relay_fleet import RelayFleet
from p2claw.coord.relayed.relay_watch import RelayWatch
from p2claw.coord.relayed.telling import RelayTelling
from p2claw.coord.rendezvous import Rendezvous
from p2claw.coord.server_timing import ServerTiming
from p2claw.coord.store.base import Store
from p2claw.coord.store.remembering import RememberingStore
from p2claw.coord.switchboard import Switchboard
from p2claw.coord.teams import Teams
from p2claw.coord.visitors import Visitors
from p2claw.coord.visits import Visits
from p2claw.wire.signalling.backup_reply import PATH as BACKUP_PATH

# Balancers look at /readyz each second, and believe what they have seen twice. Until then they send
# requests here, so that a node with few agents is not gone before.
NOTICED_S = 3.0


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
        node: Node | None,
        fleet: RelayFleet | None,
    ) -> None:
        self.fleet = fleet
        """Our own relays, if there are any; the `run` of its health is the caller's to run."""
        self.node = node
        """This process among others, if there are any; whose `run` is the caller's to run."""
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
    def node_name(self) -> str:
        """Of this process among several; "" if it is alone."""
        return self.node.name if self.node is not None else ""

    @property
    def is_bus_there(self) -> bool | None:
        """False: the other nodes cannot be reached; None: there are none."""
        return None if self.node is None else self.node.is_bus_there

    @property
    def nodes_direct(self) -> int | None:
        """As of `Bus.reached_directly`; None without a bus."""
        return None if self.node is None else self.node.nodes_direct

    @property
    def registrations(self) -> int:
        """How many are under way: at work, waiting for their turn, or for their agent."""
        return self._agents.registrations

    @property
    def counts(self) -> Counter[str]:
        """What happened since the start, by name, as the switchboard has it."""
        return self._switchboard.counts

    @property
    def is_store_there(self) -> bool:
        """False: the database is gone, and this server goes on from memory."""
        return not isinstance(self._store, RememberingStore) or self._store.is_there

    def refusal(self, data: bytes, host: str) -> bytes | None:
        """As of `Agents`: what a connection is sent by its first bytes, before it is closed."""
        return self._agents.refusal(data, host)

    async def drain(self) -> None:
        """Let the agents go to other nodes, spread over `DRAIN_S`; visits go on meanwhile, and
        until balancers have noticed."""
        self.health.going_down = True
        if self.node is not None:
            self.node.presence.leaves_entries = True
            await asyncio.gather(self._agents.drain(DRAIN_S), asyncio.sleep(NOTICED_S))

    def shut_down(self) -> None:
        """Send visitors and agents word that this process goes down; it may be called twice."""
        self.health.going_down = True
        self._switchboard.shut_down()
        self._agents.shut_down()


def add_coordinator(
    app: web.Application,
    config: ServerConfig,
    store: Store,
    bus: Bus | None = None,
    relayed: RelayWatch | None = None,
) -> Coordinator:
    """Add the coordinator. The store and the bus stay the caller's to close, after the application
    is down.

    The port in `config.listen` is the one that is really listened on, never 0.
    """
    switchboard = Switchboard(config.limits)
    health = Health(store, config.parent, config.names)
    rendezvous = switchboard.rendezvous
    if relayed is not None:
        rendezvous.boxes.used_up = lambda: relayed.used_up

    def superseded(connection: int) -> None:
        rendezvous.box_replaced(connection)
        switchboard.drain()

    teams = Teams(store, rendezvous.boxes, bus)
    memberships = Memberships(store, switchboard, teams, bus)
    presence = Presence(bus, rendezvous.boxes, superseded)
    forwarding = None if bus is None else Forwarding(bus, switchboard, config.limits)
    visits = Visits(switchboard, forwarding)
    standing = None if bus is None else NodeStanding(asyncio.get_running_loop().time())
    telling = None if relayed is None else RelayTelling(relayed, switchboard)
    boxes = Agents(config, switchboard, store, presence, bus, standing, memberships, telling)
    relays = None if config.turn_key is None else LeasedRelays(config.turn_key)
    fleet = RelayFleet(config) if config.all_relays else None
    server_timing = ServerTiming(config, rendezvous, relays, bus, fleet, teams)
    operator = Operator(store, switchboard, config.joining, bus, relayed)
    by_socket = Visitors(config, switchboard, store, visits, relays, bus, fleet, teams)
    node = None
    if bus is not None and forwarding is not None and standing is not None:
        health.is_cut_off = lambda: standing.standing is Standing.CUT_OFF
        watching = Watching(bus, store, standing, boxes.let_go, lambda: len(rendezvous.boxes))
        node = Node(bus, switchboard, presence, forwarding, watching, by_socket.request)
        forwarding.on_refused = by_socket.refused
        node.on_unteamed = boxes.unteamed
    coordinator = Coordinator(
        *(switchboard, boxes, health, server_timing, operator, relays, store, node),
        fleet,
    )
    app.middlewares.append(health.middleware())
    app.router.add_get(agents.PATH, boxes.handle)
    app.router.add_get(ASK_PATH, Ask(config, store).handle)
    app.router.add_get(BACKUP_PATH, Backups(config, store, bus).handle)
    by_post = PostedVisits(
        config, switchboard, by_socket, visits, server_timing, node.posts if node else None
    )
    app.router.add_get(visitors.PATH, by_socket.handle)
    app.router.add_post(visitors.PATH, by_post.begin)
    app.router.add_post(posted_visits.NEXT_PATH, by_post.next)
    if config.several_regions:
        app.router.add_post(NEAR_PATH, Measuring(config, by_socket, server_timing).keep)

    async def shut_down(_: web.Application) -> None:
        coordinator.shut_down()

    app.on_shutdown.append(shut_down)
    return coordinator
