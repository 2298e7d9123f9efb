"""The team of this box, whose members respond for its names; and the teams that it is in itself.

This box signs a delegation for each member, good for `LIFE_S`, and signs anew every `RENEW_S` while
it is online. So a team outlives the absence of its founder by six days at least.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from p2claw import names
from p2claw.agent.home.identity import Identity
from p2claw.agent.home.team_file import TeamFile
from p2claw.errors import UsageError
from p2claw.log import get_log
from p2claw.wire.signalling import (
    AgentMessage,
    Team,
    TeamAsk,
    Teamed,
    TeamJoin,
    TeamLeave,
)
from p2claw.wire.signalling.statements import Kind

log = get_log("agent")

LIFE_S = 7 * 86_400
RENEW_S = 86_400.0

# A person waits for this at a command line, which gives up after 10 s.
REPLY_S = 5.0

# How soon delegations are sent again that the coordinator did not take.
AGAIN_S = 60.0

Send = Callable[[AgentMessage], None]


@dataclass(frozen=True, slots=True)
class _Line:
    """A control connection, by what sends on it, and the replies that are awaited on it."""

    send: Send
    awaited: dict[int, asyncio.Future[Teamed]]


class OwnTeam:
    """What this box asks its coordinator about teams.

    on_removed: called when this box responds for the names of another no more.
    """

    def __init__(
        self,
        identity: Callable[[], Identity],
        file: TeamFile,
        on_removed: Callable[[], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._identity = identity
        self._file = file
        self._on_removed = on_removed
        self._clock = clock
        self._seq = 0
        self._line: _Line | None = None

    async def keep(self, send: Send) -> None:
        """Delegate anew while this control connection lives, until cancelled."""
        line = self._line = _Line(send, {})
        try:
            while True:
                members = None
                try:
                    members = await asyncio.to_thread(self._file.load)
                    if members is not None:
                        await self._delegate(members)
                except UsageError as error:
                    log.warning("team not renewed", code=error.code, error=error.message)
                    await asyncio.sleep(AGAIN_S)
                    continue
                await asyncio.sleep(RENEW_S)
        finally:
            if self._line is line:
                self._line = None
            for reply in line.awaited.values():
                if not reply.done():
                    reply.set_exception(_offline())

    def replied(self, teamed: Teamed) -> None:
        """The coordinator has replied; or, with seq 0, has sent unasked that a team is less."""
        if teamed.seq == 0:
            log.info("removed from a team", teams=len(teamed.teams))
            self._on_removed()
            return
        line = self._line
        reply = None if line is None else line.awaited.get(teamed.seq)
        if reply is not None and not reply.done():
            reply.set_result(teamed)

    async def invite(self, peer_id: str) -> Teamed:
        """Let a box respond for the names of this one, once it has joined. Raises UsageError."""
        if names.public_key_of(peer_id) == self._identity().public_key:
            raise UsageError("This is the peer id of this box itself", code="team-itself")
        self._online()
        await asyncio.to_thread(self._file.add, peer_id)
        return await self._send_all()

    async def remove(self, peer_id: str) -> Teamed:
        """Let it do so no more, and end its links. Raises UsageError."""
        await asyncio.to_thread(self._file.remove, peer_id)
        return await self._send_all()

    async def join(self, alias: str) -> Teamed:
        """Respond for the names of the box with this alias. Raises UsageError."""
        return await self._ask(lambda seq: TeamJoin(seq, alias))

    async def leave(self, alias: str) -> Teamed:
        """Do so no more, and end the links of now. Raises UsageError."""
        teamed = await self._ask(lambda seq: TeamLeave(seq, alias))
        self._on_removed()
        return teamed

    async def facts(self) -> Teamed:
        """Who is in the team, and in whose teams this box is. Raises UsageError."""
        return await self._ask(TeamAsk)

    async def _send_all(self) -> Teamed:
        members = await asyncio.to_thread(self._file.load)
        return await self._delegate(members or ())

    async def _delegate(self, members: tuple[str, ...]) -> Teamed:
        now_s = int(self._clock())
        identity = self._identity()
        statements = tuple(
            identity.state(Kind.DELEGATE, names.public_key_of(one), now_s, now_s + LIFE_S)
            for one in members
        )
        return await self._ask(lambda seq: Team(seq, statements))

    def _online(self) -> _Line:
        if self._line is None:
            raise _offline()
        return self._line

    async def _ask(self, message: Callable[[int], AgentMessage]) -> Teamed:
        """Raises UsageError with the coordinator's code, `agent-offline`, `coordinator-older`."""
        line = self._online()
        self._seq += 1
        seq = self._seq
        reply: asyncio.Future[Teamed] = asyncio.get_running_loop().create_future()
        line.awaited[seq] = reply
        try:
            line.send(message(seq))
            async with asyncio.timeout(REPLY_S):
                teamed = await reply
        except TimeoutError:
            raise UsageError(
                f"The coordinator did not reply within {REPLY_S:.0f} s",
                code="coordinator-older",
                hint="It may be older than this program, and know no teams; ask its owner",
            ) from None
        finally:
            del line.awaited[seq]
        if teamed.code:
            raise UsageError(
                teamed.message or f"The coordinator refuses ({teamed.code})",
                code=teamed.code,
                hint=self._hint_of(teamed.code),
            )
        return teamed

    def _hint_of(self, code: str) -> str:
        if code == "team-not-invited":
            return f"On the box that has the alias: p2claw team invite {self._identity().peer_id}"
        return ""


def _offline() -> UsageError:
    return UsageError(
        "The coordinator cannot be reached just now",
        code="agent-offline",
        hint="`p2claw status` shows why; try again when the agent is online",
    )
