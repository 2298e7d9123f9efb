"""The parts of an agent, and which of them calls which when something changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from p2claw.agent.access.ledger_keeper import LedgerKeeper
from p2claw.agent.access.question import Replies
from p2claw.agent.exposed import Exposed
from p2claw.agent.home.coordinators import CoordinatorFile
from p2claw.agent.home.identity import Identity, load_or_create_identity
from p2claw.agent.home.routes import RouteFile, Routes
from p2claw.agent.home.team_file import TeamFile
from p2claw.agent.http.notices import Notice, Notices
from p2claw.agent.mapping.port_mapper import PortMapper
from p2claw.agent.registration import Registration
from p2claw.agent.running_apps import RunningApps
from p2claw.agent.team import OwnTeam
from p2claw.agent.usage import Usage
from p2claw.agent.visitors.in_process import InProcess
from p2claw.agent.visitors.visitors import Visitors
from p2claw.agent.workers.workers import Workers
from p2claw.config import AgentConfig, PublicAddress
from p2claw.errors import UsageError
from p2claw.link.control import ControlConnection
from p2claw.log import get_log
from p2claw.wire.signalling import BoxOffer

log = get_log("agent")

CONTROL_PATH = "/__p2claw/v1/agent"


class Parts:
    """Everything that one agent consists of, joined but not running.

    Make it on the agent's loop. Raises UsageError and IdentityError if the home cannot be used.
    """

    def __init__(self, config: AgentConfig) -> None:
        self.config = config
        self.exposed = Exposed(RouteFile(config.routes_path), self._routes_changed)
        identity = load_or_create_identity(config.identity_path)
        self.notices = Notices()
        self.keeper = LedgerKeeper(
            config.access_path,
            identity.first_peer_id,
            lambda sessions: self.visitors.entries_ended(sessions),
        )
        self.visitors = _visitors(
            config,
            lambda: self.registration.identity,
            self.notices.add,
            lambda: self.control.doubt(),
            self.keeper.reply,
            lambda: self.registration.redial(),
        )
        self.usage = Usage(
            config.usage_path, lambda: self.visitors.traffic(), self.visitors.close_apps
        )
        self.team = OwnTeam(
            lambda: self.identity, TeamFile(config.team_path), lambda: self.visitors.end_links()
        )
        self.registration = Registration(
            identity,
            config.audience,
            lambda: self.exposed.routes,
            self.visitors,
            accepted=self._remember if config.remember else None,
            invite=config.invite,
            team=self.team,
            running=RunningApps(lambda: self.exposed.routes),
        )
        self.control = ControlConnection(
            config.coordinator.rstrip("/") + CONTROL_PATH, self.registration.serve
        )
        self.mapper: PortMapper | None = None
        if config.map_ports:
            self.mapper = PortMapper(self.visitors.udp_ports, self._ports_mapped)

    @property
    def identity(self) -> Identity:
        """The key by which this box is registered now, or will be first of all."""
        return self.registration.identity

    def addresses_changed(self) -> None:
        """The addresses of this machine have changed."""
        self.control.addresses_changed()
        if self.mapper is not None:
            self.mapper.addresses_changed()

    def _routes_changed(self, routes: Routes) -> None:
        self.notices.keep(routes)
        self.visitors.apply(routes)
        self.usage.apply(routes)

    def _ports_mapped(self, addresses: Mapping[int, PublicAddress]) -> None:
        self.visitors.mapped(addresses)
        self.registration.redial()

    async def _remember(self) -> None:
        """Keep the coordinator as the one of this box: it has accepted the box."""
        file = CoordinatorFile(self.config.coordinators_path)
        try:
            await asyncio.to_thread(file.remember, self.config.coordinator)
        except UsageError as error:
            log.error("coordinator not remembered", code=error.code, error=error.message)
        else:
            log.info("coordinator remembered", coordinator=self.config.coordinator)


def _visitors(
    config: AgentConfig,
    identity: Callable[[], Identity],
    noticed: Callable[[Notice], None],
    silent: Callable[[], None],
    ask: Replies,
    redial: Callable[[], None],
) -> Visitors:
    """Who serves the visitors: workers if there are several, else this process itself."""
    if config.workers > 1:
        return Workers(
            lambda *answer: identity().sign_answer(*answer), config, noticed, silent, ask, redial
        )

    async def sign(offer: BoxOffer, fingerprint: bytes) -> bytes:
        return identity().sign_answer(offer, fingerprint)

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
