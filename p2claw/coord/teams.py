"""Which box responds to a visit of an alias, if several do: a *team*.

In it are the founder, whose names they are, and each box that it has invited and that has joined.
The box that was given the fewest visits from here is given the next one, but a visitor goes back to
the box that it was at. What is known of a team is remembered for `REMEMBER_S`, so that a visit
mostly costs the store nothing.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from p2claw import names
from p2claw.coord.bus.base import Bus
from p2claw.coord.bus.locating import Whereabouts
from p2claw.coord.online_boxes import OnlineBoxes
from p2claw.coord.store.base import Delegation, Store, StoreError
from p2claw.errors import UsageError
from p2claw.wire.signalling.statements import Statement

# For so long a change that came to another node is not noticed here.
REMEMBER_S = 1.0
MOST_REMEMBERED = 10_000

# Visits are counted for so long: about as long as people stay.
COUNTED_S = 300.0


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who is to be visited: `alias` is one of its own names. Of a box in a team of another, `team`
    is the name that was asked for, and `statements` are why it responds.

    keeps: whether it is the box that the visitor asked for. box: its peer id, "" without a team.
    """

    alias: str
    team: str = ""
    statements: tuple[bytes, ...] = ()
    keeps: bool = True
    box: str = ""


@dataclass(frozen=True, slots=True)
class _Team:
    """statements: by which the founder's key follows those before."""

    members: tuple[Delegation, ...] = ()
    founder: bytes = b""
    statements: tuple[bytes, ...] = ()


class Teams:
    """The teams of all boxes. boxes: those that are connected here; bus: finds the others."""

    def __init__(
        self,
        store: Store,
        boxes: OnlineBoxes,
        bus: Bus | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._boxes = boxes
        self._bus = bus
        self._clock = clock
        self._remembered: OrderedDict[str, tuple[float, _Team]] = OrderedDict()
        self._visits: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def choose(self, alias: str, app: str | None, wanted: str) -> Chosen:
        """Who responds to a visit. wanted: the peer id of the box that the visitor was at, or "".

        If nobody is there it is the box whose alias it is, which is then offline.
        """
        now_s = self._clock()
        found = await self._team(alias, now_s)
        team, founder = found.members, found.founder
        if not team:
            return Chosen(alias)
        usable = {
            one.member_alias: one
            for one in team
            if one.joined
            and not one.banned
            and one.member_alias
            and Statement.unpack(one.statement).is_in_force(now_s)
            and (app is None or app in self._apps_of(one))
        }
        own = self._boxes.called(alias)
        candidates = [alias] if own is None or app is None or app in own.apps else []
        wanted_alias = _alias_of(wanted)
        if wanted_alias and wanted_alias == names.key_alias_of(founder):
            candidates = [*candidates, *usable]
        elif wanted_alias in usable:
            candidates = [wanted_alias, *candidates, *(it for it in usable if it != wanted_alias)]
        else:
            wanted_alias = ""
            candidates = sorted((*candidates, *usable), key=lambda it: self._load(it, now_s))
        for number, candidate in enumerate(candidates):
            if await self._is_online(candidate):
                self._count(candidate, now_s)
                # A visitor that named nobody has nothing there to go on with either.
                keeps = bool(wanted_alias) and number == 0
                if candidate == alias:
                    own_id = names.peer_id_of(founder)
                    return Chosen(alias, keeps=keeps or not wanted, box=own_id)
                one = usable[candidate]
                box = names.peer_id_of(one.member)
                statements = (one.statement, *found.statements)
                return Chosen(candidate, alias, statements, keeps, box)
        return Chosen(alias)

    async def is_team(self, alias: str) -> bool:
        """Whether other boxes respond for this alias too, if they are there."""
        team = await self._team(alias, self._clock())
        return any(one.joined for one in team.members)

    def changed(self, founder: bytes) -> None:
        """Another set of boxes is in the team of this one."""
        for alias, (_, team) in tuple(self._remembered.items()):
            if team.founder == founder:
                del self._remembered[alias]

    async def is_online(self, public_key: bytes) -> bool:
        """Whether the box with this key is there, here or at another node."""
        return await self._is_online(names.key_alias_of(public_key))

    async def _team(self, alias: str, now_s: float) -> _Team:
        known = self._remembered.get(alias)
        if known is not None and 0 <= now_s - known[0] < REMEMBER_S:
            return known[1]
        try:
            record = await self._store.box_of_alias(alias)
            team = () if record is None else tuple(await self._store.team_of(record.public_key))
        except StoreError:
            # What was true last; without it the box itself is there to be visited.
            return known[1] if known is not None else _Team()
        found = _Team()
        if record is not None:
            found = _Team(team, record.public_key, record.statements)
        self._remembered[alias] = (now_s, found)
        self._remembered.move_to_end(alias)
        if len(self._remembered) > MOST_REMEMBERED:
            self._remembered.popitem(last=False)
        return found

    def _apps_of(self, one: Delegation) -> frozenset[str]:
        here = self._boxes.called(one.member_alias)
        return one.member_apps if here is None else here.apps

    async def _is_online(self, alias: str) -> bool:
        if self._boxes.is_online(alias):
            return True
        if self._bus is None:
            return False
        return (await self._bus.find(alias)).whereabouts is Whereabouts.THERE

    def _load(self, alias: str, now_s: float) -> float:
        """Visits of late: each counts less, the longer it is ago."""
        at_s, load = self._visits.get(alias, (now_s, 0.0))
        return load * math.exp2(-max(0.0, now_s - at_s) / COUNTED_S)

    def _count(self, alias: str, now_s: float) -> None:
        self._visits[alias] = (now_s, self._load(alias, now_s) + 1.0)
        self._visits.move_to_end(alias)
        if len(self._visits) > MOST_REMEMBERED:
            self._visits.popitem(last=False)


def _alias_of(peer_id: str) -> str:
    try:
        return names.key_alias_of(names.public_key_of(peer_id))
    except UsageError:
        return ""
