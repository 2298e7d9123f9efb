"""The agent's side of its control connection: it registers, announces apps, and receives offers.

The messages are those of docs/WIRE.md §11, on one socket at a time. `link/control.py` decides when
to connect; an offer is handed to `visitors/`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace

from p2claw.agent.claims import Claims
from p2claw.agent.home.identity import Identity
from p2claw.agent.home.public_names import PublicNames
from p2claw.agent.registering import refusal, register
from p2claw.agent.running_apps import RunningApps
from p2claw.agent.team import OwnTeam
from p2claw.agent.unsent import Unsent
from p2claw.agent.visitors.visitors import Introduced
from p2claw.errors import RemoteProtocolError, UsageError
from p2claw.link.control import ControlSocket
from p2claw.link.dial_keys import RENEW_S
from p2claw.log import get_log
from p2claw.wire.signalling import (
    AgentError,
    Announce,
    Announced,
    BoxCandidate,
    BoxEnd,
    BoxOffer,
    Claim,
    Claimed,
    Dial,
    Knock,
    Knocked,
    Relayed,
    Teamed,
    Unknown,
    decode_agent,
    encode_agent,
)
from p2claw.wire.signalling.signatures import DIAL

log = get_log("agent")

# The knocks of the coordinator have all arrived by then, or never will.
KNOCKS_S = 1.0
# How soon the coordinator is asked to knock again where a port was closed: somebody may be looking
# at a firewall just now.
KNOCK_AGAIN_S = 60.0

# A person waits for this at a command line, which gives up after 10 s.
ANNOUNCE_TIMEOUT_S = 3.0


class Registration:
    """The registration of one box, kept over reconnections.

    names: those that the box has there; None until it has registered once. rejected: the apps
    that the coordinator refuses, each with the reason. audience: the `host[:port]` to dial. apps:
    returns all apps that are exposed now. visitors: receives what visitors send. accepted: awaited
    when the coordinator has accepted this box for the first time. invite: shown to a coordinator
    that does not know this box yet. team: asks on the same connection. running: tells on it which
    apps are down.
    """

    def __init__(
        self,
        identity: Identity,
        audience: str,
        apps: Callable[[], Iterable[str]],
        visitors: Introduced,
        *,
        accepted: Callable[[], Awaitable[None]] | None = None,
        invite: str = "",
        team: OwnTeam | None = None,
        running: RunningApps | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.names: PublicNames | None = None
        self.rejected: Mapping[str, str] = {}
        self.relayed: Relayed | None = None
        """What relays have moved for this box, as the coordinator said last; None: it never did."""
        self.identity = identity
        """The one by which it is registered, or will be."""
        self.coordinator_follows = False
        """Whether the coordinator knows changes of keys, as far as that is known."""
        self._next_identity = identity
        self._audience = audience
        self._apps = apps
        self._visitors = visitors
        self._accepted = accepted
        self._invite = invite
        self._claims = Claims()
        self._team = team
        self._running = running
        self._clock = clock
        self._unsent: Unsent | None = None
        self._seq = 0
        self._known = 0  # the newest announcement that the coordinator has acknowledged
        self._changed = asyncio.Condition()
        self._moved = asyncio.Event()
        self._has_knocked = False  # since anything moved

    async def announce(self) -> None:
        """Announce the apps again, because they have changed; returns once that is acknowledged.

        If the coordinator is away or slow, this does not wait long, and the coordinator learns of
        them later.
        """
        seq = self._send_apps()
        if self._running is not None:
            self._running.changed()
        with suppress(TimeoutError):
            async with asyncio.timeout(ANNOUNCE_TIMEOUT_S), self._changed:
                await self._changed.wait_for(lambda: self._unsent is None or self._known >= seq)

    def redial(self) -> None:
        """The box may be dialled elsewhere than before: send that now."""
        self._has_knocked = False
        self._moved.set()

    def change_key(self, identity: Identity) -> None:
        """Register as this one from the next connection on: the caller has it renewed.

        Until then the old one signs, so that no visitor gets an answer of another key than the one
        to which it was introduced.
        """
        self._next_identity = identity

    async def registered_as(self, identity: Identity, *, timeout_s: float) -> bool:
        """Whether the box is registered with this key, within so much time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s), self._changed:
                await self._changed.wait_for(
                    lambda: self.identity is identity and self._unsent is not None
                )
                return True
        return False

    async def claim(self, name: str) -> PublicNames:
        """Make an alias that was chosen this box's own.

        Raises UsageError, with the code of the coordinator's refusal, `agent-offline`,
        `coordinator-older`, `claim-running`.
        """
        unsent = self._unsent
        if unsent is None:
            raise UsageError(
                "The coordinator cannot be reached just now",
                code="agent-offline",
                hint="`p2claw status` shows why; try again when the agent is online",
            )
        await self._claims.claim(name, lambda: unsent.put(Claim(name)))
        assert self.names is not None, "whoever is online has names"
        return self.names

    async def serve(self, socket: ControlSocket) -> None:
        """Register on socket, then receive offers until it ends.

        Raises ControlLostError, RegistrationError, RemoteProtocolError.
        """
        self.identity = self._next_identity
        registered = await register(
            socket, self.identity, self._audience, invite=self._invite, clock=self._clock
        )
        names, self.coordinator_follows = registered.names, registered.follows
        self.relayed = None
        first = self.names is None
        self.names = names
        # Before the box is online: who sees that it is, and announces, has to wait for the reply.
        unsent = self._unsent = Unsent()
        self._send_apps()
        socket.settled()
        async with self._changed:
            self._changed.notify_all()
        log.info("registered", alias=names.alias, key_alias=names.key_alias, again=not first)
        tasks = [
            asyncio.create_task(self._send_all(socket, unsent)),
            asyncio.create_task(self._listen(socket, unsent, names)),
            asyncio.create_task(self._keep_dialled(unsent, names)),
        ]
        if self._team is not None:
            tasks.append(asyncio.create_task(self._team.keep(unsent.put)))
        if self._running is not None:
            tasks.append(asyncio.create_task(self._running.keep(unsent.put)))
        try:
            if first and self._accepted is not None:
                await self._accepted()
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._claims.lost()
            self._unsent = None
            unsent.close()
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            async with self._changed:
                self._changed.notify_all()
        for task in done:
            task.result()

    async def _send_all(self, socket: ControlSocket, unsent: Unsent) -> None:
        while True:
            await socket.send(encode_agent(await unsent.get()))

    async def _keep_dialled(self, unsent: Unsent, names: PublicNames) -> None:
        """Send how this box is dialled, and send it anew before that expires."""
        was_dialled = self._has_knocked = False
        while True:
            packed = [one.pack() for one in self._visitors.descriptors(names)]
            if packed or was_dialled:
                first, *others = [(one, self.identity.sign(DIAL, one)) for one in packed or [b""]]
                unsent.put(Dial(*first, others=tuple(others)))
            was_dialled = bool(packed)
            if not self._has_knocked:
                self._has_knocked = True
                token, ports = self._visitors.knocks_wanted(names)
                if ports:
                    unsent.put(Knock(token, ports))
            try:
                closed = self._visitors.has_closed_port
                async with asyncio.timeout(KNOCK_AGAIN_S if closed else RENEW_S):
                    await self._moved.wait()
            except TimeoutError:
                self._has_knocked = False
            self._moved.clear()

    def _knocked(self, message: Knocked) -> None:
        """Find out which knocks came, once the last one has had its time."""

        def over() -> None:
            if self._visitors.knocks_over(message.token, message.ports):
                self._moved.set()

        asyncio.get_running_loop().call_later(KNOCKS_S, over)

    async def _listen(self, socket: ControlSocket, unsent: Unsent, names: PublicNames) -> None:
        while True:
            match decode_agent(await socket.receive()):
                case BoxOffer() as offer:
                    self._visitors.offer(offer, _named(names, offer.alias), unsent.put)
                case BoxCandidate(session, candidate, mid):
                    self._visitors.candidate(session, candidate, mid)
                case BoxEnd(session):
                    self._visitors.end(session)
                case Claimed() as claimed:
                    if claimed.code == "" and self.names is not None:
                        # Whoever visits the URLs of before is served under them, too.
                        others = (*claimed.others, *self.identity.earlier_key_aliases)
                        names = replace(self.names, alias=claimed.name, others=others)
                        self.names = names
                        log.info("alias claimed", alias=claimed.name)
                    self._claims.replied(claimed)
                case Teamed() as teamed:
                    if self._team is not None:
                        self._team.replied(teamed)
                case Knocked() as knocked:
                    self._knocked(knocked)
                case Relayed() as relayed:
                    self.relayed = relayed
                case Announced(seq, rejected):
                    await self._announced(seq, rejected)
                case AgentError() as error:
                    raise refusal(error, 0)
                case Unknown():
                    pass  # of a newer coordinator
                case other:
                    raise RemoteProtocolError(f"the coordinator sent {type(other).__name__}")

    def _send_apps(self) -> int:
        self._seq += 1
        if self._unsent is not None:
            self._unsent.put(Announce(self._seq, tuple(sorted(self._apps()))))
        return self._seq

    async def _announced(self, seq: int, rejected: Mapping[str, str]) -> None:
        if seq != self._seq:
            return  # it acknowledges an older set of apps
        self.rejected = rejected
        for app, code in rejected.items():
            log.warning("app rejected by the coordinator", app=app, code=code)
        async with self._changed:
            self._known = seq
            self._changed.notify_all()


def _named(names: PublicNames, alias: str) -> PublicNames:
    """The names for a visitor that asked for this alias of another box; "": one of our own."""
    if not alias:
        return names
    return replace(names, alias=alias, others=(names.alias, *names.others))
