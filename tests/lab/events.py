"""What happens to links in real life: addresses, NATs and paths that change while they are used."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from tests.lab.host import Host
from tests.lab.laboratory import Laboratory
from tests.lab.nats import NATS, ruleset
from tests.lab.relays import LabRelay, busiest
from tests.lab.services import Box
from tests.support import namespaces
from tests.support.server import ServerProcess

# NATs of both sides: as most are, with which no direct path is possible, and which let out no UDP.
KIND, NO_PATH, NO_UDP = "port", "symmetric", "udp-blocked"
OUTAGE_S = 10.0
# An agent that is stopped lets what is under way go on for so long (`AgentLimits.drain_s`).
DRAIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Scene:
    """A visitor and a box behind NATs of this kind, while the visitor uses the box.

    relays: of which the visit goes through one. spoilt: of these, what it should not go through
    any more.
    """

    lab: Laboratory
    visitor: Host
    box: Host
    kind: str
    box_agent: Box
    server: ServerProcess
    ends: AsyncExitStack
    relays: tuple[LabRelay, ...] = ()
    spoilt: list[LabRelay] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Event:
    """happen: makes it so. gap_s: of a stream of ten messages per second, what is allowed.

    ends_streams: what cannot be asked for again is lost, and `happen` returns once the agent is
    back. Files and event streams go on, and gap_s is allowed from then on. lasts_s: until it
    returns, if that is long. relays: on hosts of their own, for NATs that let no direct path be.
    """

    gap_s: float
    happen: Callable[[Scene], Awaitable[None]]
    ends_streams: bool = False
    lasts_s: float = 0.0
    relays: int = 0
    kind: str = KIND


async def visitor_address(scene: Scene) -> None:
    """The visitor has another address in the same network."""
    _readdress(scene.visitor)


async def visitor_network(scene: Scene) -> None:
    """The visitor leaves its network for another, as from Wi-Fi to mobile."""
    await scene.lab.move(scene.visitor, scene.kind)


async def visitor_nat(scene: Scene) -> None:
    """The visitor's NAT forgets everything, and gives other ports."""
    _rebind(scene.lab.router(scene.visitor))


async def box_nat(scene: Scene) -> None:
    """The box's NAT does."""
    _rebind(scene.lab.router(scene.box))


async def box_address(scene: Scene) -> None:
    """The box has another address in the same network."""
    _readdress(scene.box)


async def narrower_path(scene: Scene) -> None:
    """The box's line carries as little as IPv6 allows, and no ICMP reports it."""
    scene.lab.narrow(scene.box, 1280)


async def outage(scene: Scene) -> None:
    """Nothing goes through the visitor's router for a while."""
    router = scene.lab.router(scene.visitor)
    chain = "chain cut {\ntype filter hook forward priority -10\ndrop\n}"
    _nft(router, f"table inet outage {{\n{chain}\n}}\n")
    await asyncio.sleep(OUTAGE_S)
    _nft(router, "delete table inet outage")


async def agent_killed(scene: Scene) -> None:
    """The agent dies without a word, and is started again."""
    await _start_again(scene, signal.SIGKILL)


async def agent_restarted(scene: Scene) -> None:
    """The agent is stopped, and started again."""
    await _start_again(scene, signal.SIGTERM)


async def coordinator_killed(scene: Scene) -> None:
    """The coordinator and the edge die without a word, and stay away."""
    await scene.lab.server.run(scene.server.stop(signal.SIGKILL))


async def relay_killed(scene: Scene) -> None:
    """The relay that carries the visit dies without a word."""
    (await _spoil(scene)).kill()


async def relay_vanished(scene: Scene) -> None:
    """Its whole machine does, so that nobody even refuses what is sent there."""
    (await _spoil(scene)).vanish()


async def relay_slow(scene: Scene) -> None:
    """The line of that relay becomes too small for the visit, with a long queue."""
    (await _spoil(scene)).slow()


EVENTS = {
    "the visitor's address": Event(0.7, visitor_address),
    "the visitor's network": Event(1.0, visitor_network),
    "the visitor's NAT": Event(1.5, visitor_nat),
    "the box's NAT": Event(1.5, box_nat),
    "the box's address": Event(2.0, box_address),
    "a path of 1,280 bytes": Event(1.5, narrower_path),
    "10 s without a path": Event(OUTAGE_S + 0.3, outage),
    "the agent is killed": Event(2.0, agent_killed, ends_streams=True),
    "the agent is restarted": Event(2.0, agent_restarted, ends_streams=True, lasts_s=DRAIN_S),
    "the coordinator is killed": Event(0.4, coordinator_killed),
    "the relay is killed": Event(1.5, relay_killed, relays=2, kind=NO_PATH),
    "the relay's machine is gone": Event(1.5, relay_vanished, relays=2, kind=NO_PATH),
    "the relay is slow": Event(3.0, relay_slow, relays=2, kind=NO_PATH),
    "the relay by TCP is killed": Event(1.5, relay_killed, relays=2, kind=NO_UDP),
    "the relay by TCP is gone": Event(3.0, relay_vanished, relays=2, kind=NO_UDP),
    "the relay by TCP is slow": Event(3.0, relay_slow, relays=2, kind=NO_UDP),
}


async def _spoil(scene: Scene) -> LabRelay:
    relay = await busiest(scene.relays)
    scene.spoilt.append(relay)
    return relay


async def _start_again(scene: Scene, how: signal.Signals) -> None:
    scene.box_agent.agent.signal(how)
    await scene.box.run(scene.box_agent.agent.wait())
    agent = await scene.ends.enter_async_context(scene.box.hold(scene.box_agent.again()))
    await agent.api.online()


def _readdress(host: Host) -> None:
    old = host.address
    base = old.rpartition(".")[0]
    namespaces.ip("-n", host.name, "address", "del", f"{old}/24", "dev", "eth0")
    namespaces.ip("-n", host.name, "address", "add", f"{base}.77/24", "dev", "eth0")
    namespaces.ip("-n", host.name, "route", "add", "default", "via", f"{base}.1")


def _rebind(router: str) -> None:
    """Load the rules of a symmetric NAT, and forget all connections."""
    _nft(router, "flush ruleset")
    rules = NATS["symmetric"].rules
    _nft(router, ruleset(rules, inner="", outer="", hides_mtu=False))
    conntrack = namespaces.program("conntrack", "conntrack")
    namespaces.run(*namespaces.inside(router), conntrack, "-F")


def _nft(router: str, rules: str) -> None:
    nft = namespaces.program("nft", "nftables")
    namespaces.run(*namespaces.inside(router), nft, "-f", "-", text=rules)
