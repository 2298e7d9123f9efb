"""What a visitor needs before it is introduced: ICE servers, and how its box is dialled.

Both come in the field Server-Timing of the shell's page, and of the first reply of a visit. Other
fields of a response are hidden from the page that came with it. Source: docs/WIRE.md §12, §16.
"""

from __future__ import annotations

import base64
import secrets
import time

import msgspec
from aiohttp import web

from p2claw import names
from p2claw.config import ServerConfig
from p2claw.coord.bus.base import Bus
from p2claw.coord.bus.locating import Facts, Whereabouts, dialled
from p2claw.coord.client_address import shortened
from p2claw.coord.ice import ice_servers, lasts_s
from p2claw.coord.leased_relays import LeasedRelays
from p2claw.coord.nearness import ANYWHERE, Nearness, nearness_of
from p2claw.coord.relay_fleet import RelayFleet, visit_key
from p2claw.coord.rendezvous import Rendezvous
from p2claw.coord.teams import Teams
from p2claw.coord.websockets import client_of
from p2claw.errors import UsageError


class ServerTiming:
    """The values of the field, for every host and box. Pure, but for the clock."""

    def __init__(
        self,
        config: ServerConfig,
        rendezvous: Rendezvous,
        relays: LeasedRelays | None = None,
        bus: Bus | None = None,
        fleet: RelayFleet | None = None,
        teams: Teams | None = None,
    ) -> None:
        self._teams = teams
        self._bus = bus
        self._fleet = fleet
        self._config = config
        self._rendezvous = rendezvous
        self._relays = relays

    async def at_page(self, request: web.Request) -> str:
        """The value for a page, by the host that it is asked for at."""
        visitor = shortened(client_of(request, self._config.trusted_proxies))
        near = nearness_of(request, self._config, visitor)
        return await self.at_host(request.headers.get("Host", ""), visitor, near)

    async def at_host(self, host: str, visitor: str = "", near: Nearness = ANYWHERE) -> str:
        """The value for a page of this host. visitor: its address, shortened."""
        try:
            alias = names.parse_label(host.partition(".")[0]).alias
        except UsageError:
            alias = ""
        return await self.of_box(alias, visitor=visitor, near=near)

    async def of_box(
        self,
        alias: str,
        facts: Facts | None = None,
        visitor: str = "",
        team: str = "",
        near: Nearness = ANYWHERE,
        *,
        asks: bool = False,
    ) -> str:
        """The value for visitors of this box: ICE servers, and how it is dialled if it can be.

        facts: of a box at another node, if they are known; else the bus is asked.
        visitor: its address, shortened. team, near: as of `VisitRequest`. asks: also for what is
        near, if that is not measured.
        """
        config = self._config
        visit = secrets.token_urlsafe(8)
        boxes = self._rendezvous.boxes
        relay, dial = boxes.may_relay(alias), boxes.dialled(alias, visit)
        if facts is None and self._bus is not None and alias and not boxes.is_online(alias):
            found = await self._bus.find(alias)
            # Where it is not known whether its visits may be relayed, they learn it later.
            relay = found.whereabouts is not Whereabouts.UNKNOWN
            facts = None if found.entry is None else found.entry.facts
        account = boxes.account_of(alias)
        if facts is not None:
            account = names.key_alias_of(facts.public_key) if facts.public_key else ""
            relay = facts.relay and account not in boxes.used_up()
            dial = dialled(facts, visit)
        fleet, key = self._fleet, visit_key(account, visitor)
        now_s = int(time.time())
        lease = self._relays.lease(now_s) if self._relays else None
        servers = ice_servers(
            *(config, visit, now_s),
            relay=relay,
            lease=lease,
            account=account,
            turn_urls=fleet.urls_for(key, near.regions) if fleet else (),
        )
        lasts_ms = lasts_s(config, now_s, lease) * 1000
        metrics = [_metric("p2claw-ice", lasts_ms, msgspec.json.encode(servers))]
        if refusal := boxes.relay_refusal(account):
            metrics.append(f'p2claw-relay;desc="{refusal}"')
        if asks and relay and fleet and not near.is_measured:
            measure = fleet.to_measure(key, visitor)
            if measure is not None:
                metrics.append(_metric("p2claw-measure", 0, msgspec.json.encode(measure.regions)))
        # A dial leads to one box, which does not learn by which name it is visited: a visitor of a
        # team is introduced.
        if dial and not team and not (self._teams and await self._teams.is_team(alias)):
            metrics.append(_metric("p2claw-dial", 0, dial))
        return ", ".join(metrics)


def _metric(name: str, lasts_ms: int, value: bytes) -> str:
    text = base64.urlsafe_b64encode(value).decode().rstrip("=")
    return f'{name};dur={lasts_ms};desc="{text}"'
