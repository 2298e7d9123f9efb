"""Spreads visitors over workers: which worker has which session, and so gets its messages.

Links live in the workers. The key of the box stays in this process, because workers read bytes from
strangers. A worker may have one signature per offer that it was given, and no others.
"""

from __future__ import annotations

import asyncio
import enum
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from p2claw.agent.access.question import Question, Replies, nobody_enters
from p2claw.agent.home.identity import Identity
from p2claw.agent.home.public_names import PublicNames
from p2claw.agent.home.routes import Routes
from p2claw.agent.http.notices import Notice
from p2claw.agent.visitors.admission import Admission, turn_away
from p2claw.agent.visitors.facts import LinkFacts, WorkerFacts
from p2claw.agent.visitors.in_process import CLOSE_TIMEOUT_S
from p2claw.agent.visitors.knocks import Knocks
from p2claw.agent.visitors.public_addresses import dialled_addresses, port_at, public_addresses
from p2claw.agent.visitors.refusals import VISITORS, Refusals
from p2claw.agent.visitors.visitors import Send
from p2claw.agent.workers.keeper import OfVisitors, State, WorkerKeeper
from p2claw.agent.workers.line import CLOSE_S
from p2claw.agent.workers.messages import (
    AppsClosed,
    Asked,
    Begin,
    Crowded,
    Dialable,
    DialAdmitted,
    DialAsked,
    DialKey,
    Drain,
    Ended,
    EntriesEnded,
    Evict,
    ExpectKnock,
    Gone,
    KnockCame,
    NewRoutes,
    Noticed,
    Offered,
    Replied,
    Sign,
    Signalled,
    Signed,
    Stop,
    VisitorsSilent,
)
from p2claw.agent.workers.shares import share_of
from p2claw.config import AgentConfig, PublicAddress
from p2claw.errors import P2clawError, RemoteProtocolError
from p2claw.link.dial_keys import DialKeys
from p2claw.link.ice.host_addresses import HostAddress, host_addresses
from p2claw.log import configured, get_log
from p2claw.wire.signalling import (
    AgentMessage,
    BoxAnswer,
    BoxCandidate,
    BoxEnd,
    BoxOffer,
    Refuse,
)
from p2claw.wire.signalling.dialling import Descriptor

log = get_log("agent")

# How often a worker reports that it is alive. After `keeper.SILENT_TIMES` of silence it is given
# up.
ALIVE_S = 5.0

# Closing its links and its line, then a second for its interpreter to end.
STOP_S = CLOSE_TIMEOUT_S + CLOSE_S + 1.0


class Stage(enum.Enum):
    """What the coordinator knows of a session: OFFERED → ANSWERED → OVER, or OVER at once."""

    OFFERED = "offered"
    ANSWERED = "answered"
    OVER = "over"


@dataclass(slots=True)
class _Session:
    keeper: WorkerKeeper
    offer: BoxOffer | None  # None once its answer is signed: no second signature for it
    send: Send
    stage: Stage = Stage.OFFERED


class Workers:
    """The workers of one agent, config.workers of them; implements `visitors.Visitors`.

    noticed: called with each notice of a worker about an app; several workers may send the same.
    silent: called when all visitors of a worker have fallen silent at once. ask: decides whether a
    visitor may enter a guarded app. redial: called when other workers can be dialled than before.
    """

    def __init__(
        self,
        identity: Identity,
        config: AgentConfig,
        noticed: Callable[[Notice], None],
        silent: Callable[[], None],
        ask: Replies = nobody_enters,
        redial: Callable[[], None] = lambda: None,
    ) -> None:
        self._noticed = noticed
        self._silent = silent
        self._ask = ask
        self._replies: set[asyncio.Task[None]] = set()
        self._identity = identity
        self._routes: Routes = {}
        self._refusals = Refusals()
        self._admission = Admission(
            config.limits, lambda app: app in self._routes, self._evict, self._refusals
        )
        self._was_crowded = False
        self._redial = redial
        self._dial_keys = DialKeys()
        self._knocks = Knocks()
        self._sessions: dict[str, _Session] = {}
        self._loads: Counter[WorkerKeeper] = Counter()
        self._turn = 0
        self._keepers = [self._keeper(number, config) for number in range(config.workers)]
        self._tasks: list[asyncio.Task[None]] = []
        self._udp_port = config.udp_port

    def __len__(self) -> int:
        return len(self._sessions)

    def apply(self, routes: Routes) -> None:
        self._routes = routes
        for keeper in self._keepers:
            keeper.send(self._new_routes())

    def entries_ended(self, sessions: Iterable[str]) -> None:
        for keeper in self._keepers:
            keeper.send(EntriesEnded(tuple(sessions)))

    def close_apps(self, until: Mapping[str, float]) -> None:
        for keeper in self._keepers:
            keeper.close_apps(AppsClosed(dict(until)))

    async def start(self) -> None:
        """Start all, and wait for them. Raises WorkerError or UsageError if one cannot start."""
        self._tasks = [asyncio.create_task(keeper.run()) for keeper in self._keepers]
        for task in self._tasks:
            task.add_done_callback(_note)
        started = asyncio.create_task(self._all_started())
        try:
            await asyncio.wait([started, *self._tasks], return_when=asyncio.FIRST_COMPLETED)
        finally:
            started.cancel()
            await asyncio.wait({started})
        for task in self._tasks:
            if task.done():
                task.result()

    def offer(self, offer: BoxOffer, names: PublicNames, send: Send) -> None:
        if self._admission.admit(offer, send) is None:
            return
        keeper = self._at(offer.place) or self._least_loaded()
        if keeper is None:
            self._admission.leave(offer.session)
            self._refusals.count(VISITORS, "box-busy")
            turn_away(offer, "box-busy", "The box is starting its workers again", send)
            return
        self._sessions[offer.session] = _Session(keeper, offer, send)
        self._loads[keeper] += 1
        keeper.send(Offered(offer, names))
        self._send_crowded(keeper)

    def descriptors(self, names: PublicNames) -> tuple[Descriptor, ...]:
        """One of each worker: a dial goes to one UDP port, and each worker has its own.

        All have one certificate, but each worker its own key.
        """
        hosts = host_addresses()
        at = {keeper: self._dialled_at(keeper, names, hosts) for keeper in self._keepers}
        if not any(at.values()):
            return ()
        current = self._dial_keys.current()
        generations = self._dial_keys.generations.values()
        for keeper in self._keepers:
            keys = tuple(DialKey.of(one.at(keeper.number)) for one in generations)
            keeper.dialable(Dialable(names, keys))
        return tuple(
            current.at(keeper.number).descriptor(addresses)
            for keeper, addresses in at.items()
            if addresses and self._knocks.is_open(keeper.number) is not False
        )

    def knocks_wanted(self, names: PublicNames) -> tuple[bytes, tuple[int, ...]]:
        found = {
            keeper.number: port_at(names.seen, self._reached_at(keeper, names))
            for keeper in self._keepers
            if keeper.state is State.READY
        }
        ports = {number: port for number, port in found.items() if port is not None}
        token = self._knocks.begin(ports)
        for keeper in self._keepers:
            keeper.send(ExpectKnock(token))
        return token, tuple(ports.values())

    def knocks_over(self, token: bytes, ports: tuple[int, ...]) -> bool:
        return self._knocks.over(token, ports)

    @property
    def has_closed_port(self) -> bool:
        return self._knocks.is_any_closed

    def _dialled_at(
        self, keeper: WorkerKeeper, names: PublicNames, hosts: Iterable[HostAddress]
    ) -> tuple[tuple[str, int], ...]:
        if keeper.state is not State.READY:
            return ()
        return dialled_addresses(
            self._reached_at(keeper, names), hosts, keeper.udp_port, is_fixed=self._udp_port != 0
        )

    def _reached_at(self, keeper: WorkerKeeper, names: PublicNames) -> tuple[tuple[str, int], ...]:
        return public_addresses(
            keeper.public_addresses,
            seen=names.seen,
            port=keeper.udp_port,
            is_fixed=self._udp_port != 0,
        )

    def candidate(self, session: str, candidate: str, mid: str) -> None:
        found = self._sessions.get(session)
        if found is not None:
            found.keeper.send(Signalled.of(BoxCandidate(session, candidate, mid)))

    def end(self, session: str) -> None:
        found = self._sessions.get(session)
        if found is not None:
            found.stage = Stage.OVER
            found.keeper.send(Signalled.of(BoxEnd(session)))

    async def links(self) -> list[tuple[int, LinkFacts]]:
        replies = await asyncio.gather(*(keeper.links() for keeper in self._keepers))
        return [
            (keeper.number, link)
            for keeper, links in zip(self._keepers, replies, strict=True)
            for link in links
        ]

    def workers(self) -> list[WorkerFacts]:
        return [
            keeper.facts(self._loads[keeper], is_port_open=self._knocks.is_open(keeper.number))
            for keeper in self._keepers
        ]

    def refused(self) -> dict[str, int]:
        now = self._refusals.copy()
        for keeper in self._keepers:
            now.add(keeper.refused())
        return now.counts()

    def traffic(self) -> dict[str, int]:
        now: Counter[str] = Counter()
        for keeper in self._keepers:
            now.update(keeper.traffic())
        return dict(now)

    def udp_ports(self) -> Mapping[int, int]:
        return {keeper.number: self._udp_port + keeper.number for keeper in self._keepers}

    def mapped(self, addresses: Mapping[int, PublicAddress]) -> None:
        for keeper in self._keepers:
            keeper.mapped(addresses.get(keeper.number))

    async def drain(self, timeout_s: float) -> None:
        await self._leave(Drain(timeout_s), timeout_s + STOP_S)
        await self.close()

    async def close(self) -> None:
        await self._leave(Stop(), STOP_S)
        tasks = (*self._tasks, *self._replies)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _all_started(self) -> None:
        for keeper in self._keepers:
            await keeper.started.wait()

    async def _leave(self, message: Drain | Stop, timeout_s: float) -> None:
        self._admission.close()
        for keeper in self._keepers:
            keeper.leave(message)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=timeout_s)

    def _keeper(self, number: int, config: AgentConfig) -> WorkerKeeper:
        level, form = configured()
        begin = Begin(
            number=number,
            udp_port=config.udp_port and config.udp_port + number,
            home=str(config.home),
            limits=share_of(config.limits, config.workers),
            log_level=level,
            log_format=form,
            alive_s=ALIVE_S,
            public_addresses=tuple(one.of_worker(number) for one in config.public_addresses),
        )
        return WorkerKeeper(
            begin, self._new_routes, self._received, self._lost, changed=lambda: self._redial()
        )

    def _new_routes(self) -> NewRoutes:
        return NewRoutes(tuple(self._routes.values()))

    def _at(self, place: int | None) -> WorkerKeeper | None:
        """The worker that a visitor had before, if it is ready."""
        if place is None or place >= len(self._keepers):
            return None
        keeper = self._keepers[place]
        return keeper if keeper.state is State.READY else None

    def _least_loaded(self) -> WorkerKeeper | None:
        """The ready worker with the fewest visitors; equals in turn. None: none is ready.

        One whose port strangers do not reach gets none, if there is another.
        """
        ready = [keeper for keeper in self._keepers if keeper.state is State.READY]
        if not ready:
            return None
        ready = [k for k in ready if self._knocks.is_open(k.number) is not False] or ready
        count = len(self._keepers)
        keeper = min(ready, key=lambda one: (self._loads[one], (one.number - self._turn) % count))
        self._turn = keeper.number + 1
        return keeper

    def _received(self, keeper: WorkerKeeper, message: OfVisitors) -> None:
        """Handle a worker's message. One about a session that is over is ignored: both sides may
        have ended it at the same moment.
        """
        match message:
            case Signalled():
                self._pass_on(keeper, message)
            case Sign(session, fingerprint):
                found = self._of(keeper, session)
                if found is not None and found.offer is not None:
                    signature = self._identity.sign_answer(found.offer, fingerprint)
                    found.offer = None
                    keeper.send(Signed(session, signature))
            case DialAsked(session, visitor):
                self._dial_asked(keeper, session, visitor)
            case KnockCame(token):
                self._knocks.received(keeper.number, token)
            case Asked(seq, question):
                task = asyncio.create_task(self._reply(keeper, seq, question))
                self._replies.add(task)
                task.add_done_callback(self._replies.discard)
            case Noticed(notice):
                self._noticed(notice)
            case VisitorsSilent():
                self._silent()
            case Gone(session, is_gone):
                if self._of(keeper, session) is not None:
                    self._admission.gone(session, is_gone)
            case Ended(session):
                if self._of(keeper, session) is not None:
                    self._forget(session)

    def _dial_asked(self, keeper: WorkerKeeper, session: str, visitor: str) -> None:
        is_new = session not in self._sessions
        is_admitted = is_new and self._admission.admit_dial(session, visitor)
        if is_admitted:
            # The coordinator knows nothing of it, so nothing is sent there.
            self._sessions[session] = _Session(keeper, None, _nowhere, Stage.OVER)
            self._loads[keeper] += 1
        keeper.send(DialAdmitted(session, is_admitted))
        if is_admitted:
            self._send_crowded(keeper)

    async def _reply(self, keeper: WorkerKeeper, seq: int, question: Question) -> None:
        asked = replace(question, link=f"{keeper.number}/{question.link}")
        keeper.send(Replied(seq, await self._ask(asked)))

    def _pass_on(self, keeper: WorkerKeeper, signal: Signalled) -> None:
        message = signal.message()
        if not isinstance(message, BoxAnswer | BoxCandidate | BoxEnd | Refuse):
            raise RemoteProtocolError(f"a worker sent {type(message).__name__} to the coordinator")
        found = self._of(keeper, message.session)
        if found is None:
            return
        if isinstance(message, BoxAnswer):
            found.stage = Stage.ANSWERED
        elif isinstance(message, BoxEnd | Refuse):
            found.stage = Stage.OVER
        found.send(message)
        if isinstance(message, Refuse):
            self._forget(message.session)

    def _lost(self, keeper: WorkerKeeper) -> int:
        """End the sessions of a lost worker at the coordinator; returns how many they were."""
        lost = [name for name, found in self._sessions.items() if found.keeper is keeper]
        for session in lost:
            found = self._forget(session)
            if found.stage is Stage.OFFERED:
                found.send(Refuse(session, "box-busy", "The box has lost this visit: try again"))
            elif found.stage is Stage.ANSWERED:
                found.send(BoxEnd(session))
        return len(lost)

    def _of(self, keeper: WorkerKeeper, session: str) -> _Session | None:
        found = self._sessions.get(session)
        return found if found is not None and found.keeper is keeper else None

    def _forget(self, session: str) -> _Session:
        found = self._sessions.pop(session)
        self._loads[found.keeper] -= 1
        self._admission.leave(session)
        self._send_crowded()
        return found

    def _evict(self, session: str) -> None:
        """End the link of a visitor that is gone: a newcomer gets its place."""
        found = self._forget(session)
        found.keeper.send(Evict(session))

    def _send_crowded(self, keeper: WorkerKeeper | None = None) -> None:
        """Send all workers, if it has changed, whether the box is crowded.

        keeper: of a worker with a new visitor; its process may be a new one, which does not know.
        """
        crowded, before = self._admission.is_crowded, self._was_crowded
        self._was_crowded = crowded
        if crowded != before:
            for each in self._keepers:
                each.send(Crowded(crowded))
        elif crowded and keeper is not None:
            keeper.send(Crowded(crowded))


def _nowhere(message: AgentMessage) -> None:
    """Of a session that was not begun by the coordinator."""


def _note(task: asyncio.Task[None]) -> None:
    """Log an error of a keeper's task. A failed start (P2clawError) is in the log already."""
    error = None if task.cancelled() else task.exception()
    if error is not None and not isinstance(error, P2clawError):
        log.fault("worker not kept", error)
