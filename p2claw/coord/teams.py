"""Which box responds to a visit of an alias, if several do: a *team*.

In it are the founder, whose names they are, and each box that it has invited and that has joined.
The box that was given the fewest visits from here is given the next one, but a visitor goes back to
the box that it was at. Last come boxes that were silent when they were asked. What is known of a
team is remembered for `REMEMBER_S`, so that a visit mostly costs the store nothing.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

from p2claw import names
from p2claw.coord.bus.base import Bus
from p2claw.coord.bus.locating import Found, Whereabouts
from p2claw.coord.online_boxes import OnlineBoxes
from p2claw.coord.store.base import Delegation, Store, StoreError
from p2claw.errors import UsageError
from p2claw.wire.signalling.statements import Statement

# For so long a change that came to another node is not noticed here.
REMEMBER_S = 1.0
MOST_REMEMBERED = 10_000

# Visits are counted for so long: about as long as people stay.
COUNTED_S = 300.0

# For so long a box at another node that was silent comes last. Of a box that is connected here it
# is known when it is back.
DOUBTED_S = 5.0


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who is to be visited: `alias` is one of its own names. Of a box in a team of another, `team`
    is the name that was asked for, and `statements` are why it responds.

    keeps: whether it is the box that the visitor asked for. box: its peer id, "" without a team.
    others: whether another box is there that may respond in its place.
    """

    alias: str
    team: str = ""
    statements: tuple[bytes, ...] = ()
    keeps: bool = True
    box: str = ""
    others: bool = False


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
        self._doubts: OrderedDict[str, float] = OrderedDict()  # until when, by alias

    async def choose(
        self,
        alias: str,
        app: str | None,
        wanted: str,
        tried: Collection[str] = (),
        finding: Awaitable[Found] | None = None,
    ) -> Chosen:
        """Who responds to a visit. wanted: the peer id of the box that the visitor was at, or "".
        tried: aliases of boxes that were asked already. finding: where the box of this alias is, if
        the bus has been asked.

        If nobody is there it is the box whose alias it is, which is then offline.
        """
        now_s = self._clock()
        found = await self._team(alias, now_s)
        if not any(one.joined for one in found.members):
            return Chosen(alias)
        founder = await self._present_key(alias, found, finding)
        usable = self._usable(found, founder, app, now_s)
        own = self._boxes.called(alias)
        candidates = [alias] if own is None or app is None or app in own.apps else []
        wanted_alias = await self._wanted_alias(alias, found.founder, wanted)
        candidates = [one for one in (*candidates, *usable) if one not in tried]
        if wanted_alias not in candidates:
            wanted_alias = ""
            candidates.sort(key=lambda it: self._load(it, now_s))
        # False comes first.
        candidates.sort(key=lambda it: (self._is_doubted(it, now_s), it != wanted_alias))
        for number, candidate in enumerate(candidates):
            if not await self._is_online(candidate):
                continue
            self._count(candidate, now_s)
            # A visitor that named nobody has nothing there to go on with either.
            keeps = candidate == wanted_alias
            others = await self._is_any_there(candidates[number + 1 :], now_s)
            if candidate == alias:
                box = names.peer_id_of(found.founder)
                keeps = keeps or not (wanted or tried)
                return Chosen(alias, keeps=keeps, box=box, others=others)
            one = usable[candidate]
            box = names.peer_id_of(one.member)
            statements = (one.statement, *found.statements)
            return Chosen(candidate, alias, statements, keeps, box, others)
        return Chosen(alias)

    async def _wanted_alias(self, alias: str, founder: bytes, wanted: str) -> str:
        """Which candidate is the box that has, or had, this key; "" or another if none is."""
        key_alias = _alias_of(wanted)
        if not key_alias:
            return ""
        if (here := self._boxes.called(key_alias)) is not None:
            return alias if here.public_key == founder else here.key_alias
        if key_alias == names.key_alias_of(founder):
            return alias
        try:
            record = await self._store.box_of_alias(key_alias)
        except StoreError:
            return key_alias
        if record is None:
            return ""
        return alias if record.public_key == founder else record.key_alias

    def silent(self, alias: str) -> None:
        """The box with this alias did not answer an offer. Elsewhere is known when it lives."""
        if not self._boxes.is_online(alias):
            self._doubts[alias] = self._clock() + DOUBTED_S
            self._doubts.move_to_end(alias)
            if len(self._doubts) > MOST_REMEMBERED:
                self._doubts.popitem(last=False)

    async def is_team(self, alias: str) -> bool:
        """Whether other boxes respond for this alias too, if they are there."""
        team = await self._team(alias, self._clock())
        return any(one.joined for one in team.members)

    def changed(self, founder: bytes) -> None:
        """Another set of boxes is in the team of this one."""
        for alias, (_, team) in tuple(self._remembered.items()):
            if team.founder in (founder, b""):
                del self._remembered[alias]

    async def is_online(self, public_key: bytes) -> bool:
        """Whether the box with this key is there, here or at another node."""
        return await self._is_online(names.key_alias_of(public_key))

    async def _team(self, alias: str, now_s: float) -> _Team:
        known = self._remembered.get(alias)
        if known is not None and 0 <= now_s - known[0] < REMEMBER_S:
            return known[1]
        found = _Team()
        try:
            # Few have one: for all others this is all that is asked.
            if await self._store.has_team(alias):
                record = await self._store.box_of_alias(alias)
                if record is not None:
                    team = tuple(await self._store.team_of(record.public_key))
                    found = _Team(team, record.public_key, record.statements)
        except StoreError:
            # What was true last; without it the box itself is there to be visited.
            return known[1] if known is not None else _Team()
        self._remembered[alias] = (now_s, found)
        self._remembered.move_to_end(alias)
        if len(self._remembered) > MOST_REMEMBERED:
            self._remembered.popitem(last=False)
        return found

    async def _present_key(
        self, alias: str, team: _Team, finding: Awaitable[Found] | None
    ) -> bytes:
        """The key of the founder. What it delegated with the one before is not used once it is
        online with another: visitors that have met that one would call it forged.
        """
        if (here := self._boxes.called(alias)) is not None:
            return here.public_key
        if self._bus is not None:
            entry = (await (finding or self._bus.find(alias))).entry
            if entry is not None and entry.facts.public_key:
                return entry.facts.public_key
        return team.founder

    def _usable(
        self, team: _Team, founder: bytes, app: str | None, now_s: float
    ) -> dict[str, Delegation]:
        """The members that may be visited, if they are there, by their aliases."""
        return {
            one.member_alias: one
            for one in team.members
            if one.joined
            and not one.banned
            and one.member_alias
            and _is_good(one, founder, now_s)
            and (app is None or app in self._apps_of(one))
        }

    def _is_doubted(self, alias: str, now_s: float) -> bool:
        if self._boxes.is_online(alias):
            return self._boxes.is_doubted(alias)
        return now_s < self._doubts.get(alias, 0.0)

    async def _is_any_there(self, aliases: Sequence[str], now_s: float) -> bool:
        """Whether any of these boxes may be visited now."""
        for alias in aliases:
            if not self._is_doubted(alias, now_s) and await self._is_online(alias):
                return True
        return False

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


def _is_good(one: Delegation, founder: bytes, now_s: float) -> bool:
    """Whether the present key of the founder has signed it, and it has not expired."""
    statement = Statement.unpack(one.statement)
    return statement.signer == founder and statement.is_in_force(now_s)


def _alias_of(peer_id: str) -> str:
    try:
        return names.key_alias_of(names.public_key_of(peer_id))
    except UsageError:
        return ""
