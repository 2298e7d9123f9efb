"""The relays of this server: which of them a visit is given, and how often each was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from p2claw.config import Relay, ServerConfig
from p2claw.config.near import MOST_REGIONS
from p2claw.coord.nearness import network_mark
from p2claw.coord.relay_choice import relays_for
from p2claw.coord.relay_health import RelayHealth
from p2claw.wire.signalling import Measure


@dataclass(frozen=True, slots=True)
class RelayFacts:
    """A relay as it is now. is_up: of each way to it whether it lends. visits: that were given it,
    since the start.
    """

    name: str
    region: str
    weight: int
    is_up: Mapping[str, bool]
    visits: int


class RelayFleet:
    """health: whose `run` is the caller's to run. given: visits by the name of the relay."""

    def __init__(self, config: ServerConfig) -> None:
        self.relays: tuple[Relay, ...] = config.all_relays
        self.health = RelayHealth(config)
        self.given: Counter[str] = Counter()

    def urls_for(
        self, key: str, near: Sequence[str] = (), *, is_visit: bool = False
    ) -> tuple[str, ...]:
        """The URLs for both sides of a visit. key: of box and visitor's network (`visit_key`).

        near: regions, the nearest first. is_visit: it is counted, which a hint is not.
        """
        chosen = relays_for(self._lending(), key, near)
        if is_visit:
            self.given.update(relay.name for relay in chosen)
        return self._ways(chosen)

    def to_measure(self, key: str, visitor: str) -> Measure | None:
        """The ways to one relay of each region, for a visitor that is to measure which is near;
        None if there is one region alone. key: as of `urls_for`. visitor: its address, shortened.
        """
        lending = self._lending()
        regions = dict.fromkeys(relay.region for relay in lending if relay.region)
        if len(regions) < 2:
            return None
        ways = {
            region: self._ways(
                relays_for((one for one in lending if one.region == region), key, most=1)
            )
            for region in list(regions)[:MOST_REGIONS]
        }
        return Measure(network_mark(visitor), ways)

    def facts(self) -> tuple[RelayFacts, ...]:
        """How each relay is."""
        is_up = self.health.is_up()
        return tuple(
            RelayFacts(
                *(relay.name, relay.region, relay.weight),
                {url: is_up[url] for url in relay.urls},
                self.given[relay.name],
            )
            for relay in self.relays
        )

    def _ways(self, relays: Sequence[Relay]) -> tuple[str, ...]:
        usable = self.health.usable
        return tuple(
            url
            for relay in relays
            for url in ([one for one in relay.urls if one in usable] or relay.urls)
        )

    def _lending(self) -> tuple[Relay, ...]:
        """Those that lend and are not drained; if there is none, all: see `RelayHealth`."""
        usable = set(self.health.usable)
        lending = tuple(one for one in self.relays if one.weight and usable.intersection(one.urls))
        return lending or self.relays


def visit_key(account: str, visitor: str) -> str:
    """What decides over the relays of a visit. account: the key alias of the box, visitor: its
    address, shortened.
    """
    return f"{account} {visitor}"
