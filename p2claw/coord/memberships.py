"""What boxes ask about their teams: who may respond for whose names. `teams.py` chooses by it."""

from __future__ import annotations

import time
from collections.abc import Callable

from p2claw import names
from p2claw.coord.bus.base import Bus
from p2claw.coord.bus.messages import Unteamed
from p2claw.coord.store.base import BoxRecord, Delegation, Store
from p2claw.coord.switchboard import Switchboard
from p2claw.coord.teams import Teams
from p2claw.errors import RefusedError, RemoteProtocolError
from p2claw.log import get_log
from p2claw.wire.signalling import (
    Team,
    TeamAsk,
    Teamed,
    TeamJoin,
    TeamLeave,
    TeamMember,
    TeamOf,
    encode_agent,
)
from p2claw.wire.signalling.field_types import DELEGATIONS
from p2claw.wire.signalling.statements import Kind, Statement

log = get_log("coordinator")

# Teams that one box may have joined or be invited to: each is asked for when the box asks.
MOST_TEAMS = 16

TeamRequest = Team | TeamJoin | TeamLeave | TeamAsk


class Memberships:
    """Replies to boxes, and informs those that have been removed from a team."""

    def __init__(
        self,
        store: Store,
        switchboard: Switchboard,
        teams: Teams,
        bus: Bus | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._switchboard = switchboard
        self._teams = teams
        self._bus = bus
        self._clock = clock

    async def reply(self, record: BoxRecord, message: TeamRequest) -> Teamed:
        """Do what the box asks. Raises StoreError, and RemoteProtocolError for no delegation."""
        try:
            match message:
                case Team(_, statements):
                    await self._set(record, statements)
                case TeamJoin(_, name):
                    await self._join(record, name, joined=True)
                case TeamLeave(_, name):
                    await self._join(record, name, joined=False)
                case TeamAsk():
                    pass
        except RefusedError as error:
            return Teamed(message.seq, error.code, error.message)
        return await self._facts(record.public_key, message.seq)

    async def removed(self, key_alias: str) -> None:
        """The box with this key alias, if it is connected here, is in a team less."""
        box = self._switchboard.rendezvous.boxes.called(key_alias)
        if box is None:
            return
        outbox = self._switchboard.boxes.get(box.connection)
        if outbox is not None:
            outbox.send(encode_agent(await self._facts(box.public_key, 0)))

    async def _set(self, record: BoxRecord, statements: tuple[bytes, ...]) -> None:
        founder = record.public_key
        delegations = {}
        for data in statements:
            statement = Statement.unpack(data)
            if (
                statement.kind is not Kind.DELEGATE
                or statement.signer != founder
                or statement.subject == founder
                or not statement.is_in_force(self._clock())
                or not statement.is_genuine()
            ):
                raise RemoteProtocolError("a box sent what is no delegation of its own")
            delegations[statement.subject] = data
        before = await self._store.team_of(founder)
        for member in delegations.keys() - {one.member for one in before}:
            if len(await self._store.teams_with(member)) >= MOST_TEAMS:
                raise RefusedError(
                    f"The box {names.peer_id_of(member)[:8]} is in {MOST_TEAMS} teams already",
                    code="team-full",
                )
        await self._store.set_team(founder, delegations)
        self._teams.changed(founder)
        gone = [one for one in before if one.member not in delegations]
        for one in gone:
            await self._inform(names.key_alias_of(one.member))
        if gone or len(delegations) != len(before):
            log.info("team changed", alias=record.alias, members=len(delegations), gone=len(gone))

    async def _inform(self, key_alias: str) -> None:
        if self._switchboard.rendezvous.boxes.is_online(key_alias):
            await self.removed(key_alias)
        elif self._bus is not None:
            entry = (await self._bus.find(key_alias)).entry
            if entry is not None:
                self._bus.send(entry.node, Unteamed(key_alias))

    async def _join(self, record: BoxRecord, name: str, *, joined: bool) -> None:
        founder = await self._store.box_of_alias(name.lower())
        if founder is None:
            raise RefusedError(f"No box is called {name}", code="alias-unknown")
        key = founder.public_key
        if not await self._store.join_team(key, record.public_key, joined=joined):
            raise RefusedError(
                f"The box {founder.alias} has not invited this one", code="team-not-invited"
            )
        self._teams.changed(key)
        if joined:
            log.info("team joined", alias=record.alias, team=founder.alias)
        else:
            log.info("team left", alias=record.alias, team=founder.alias)

    async def _facts(self, public_key: bytes, seq: int) -> Teamed:
        members = (await self._store.team_of(public_key))[:DELEGATIONS]
        teams = (await self._store.teams_with(public_key))[:DELEGATIONS]
        return Teamed(
            seq,
            members=tuple([await self._member(one) for one in members]),
            teams=tuple(
                TeamOf(one.founder, one.founder_alias, one.joined, _expiry(one)) for one in teams
            ),
        )

    async def _member(self, one: Delegation) -> TeamMember:
        online = await self._teams.is_online(one.member)
        return TeamMember(one.member, one.joined, online, _expiry(one))


def _expiry(one: Delegation) -> int:
    return Statement.unpack(one.statement).expires_s
