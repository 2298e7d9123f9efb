"""The workers of an agent: the agent has them serve its visitors, and they report about these.

Links live in the workers. The key of the box stays in this process, because workers read bytes from
strangers. A worker may have one signature per offer that it was given, and no others. Which worker
has which visitor is in `sessions.py`, where workers are dialled in `dialled.py`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from p2claw.agent.access.question import Question, Replies, nobody_enters
from p2claw.agent.home.public_names import PublicNames
from p2claw.agent.home.routes import Routes
from p2claw.agent.http.notices import Notice
from p2claw.agent.visitors.draining import CLOSE_TIMEOUT_S
from p2claw.agent.visitors.facts import LinkFacts, WorkerFacts
from p2claw.agent.visitors.refusals import Refusals
from p2claw.agent.visitors.visitors import Send
from p2claw.agent.workers.dialled import DialledWorkers
from p2claw.agent.workers.keeper import OfVisitors, WorkerKeeper
from p2claw.agent.workers.line import CLOSE_S
from p2claw.agent.workers.messages import (
    AppsClosed,
    Asked,
    Begin,
    DialAsked,
    Drain,
    Ended,
    EndLinks,
    EntriesEnded,
    Gone,
    KnockCame,
    NewRoutes,
    Noticed,
    Replied,
    Sign,
    Signalled,
    Signed,
    Stop,
    VisitorsSilent,
)
from p2claw.agent.workers.sessions import Sessions, Stage
from p2claw.agent.workers.shared_port import SharedPort
from p2claw.agent.workers.shares import share_of
from p2claw.config import AgentConfig, PublicAddress
from p2claw.config.agent import IS_PORT_SHARED
from p2claw.errors import P2clawError, RemoteProtocolError
from p2claw.log import configured, get_log
from p2claw.wire.signalling import (
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


class Workers:
    """The workers of one agent, config.workers of them; implements `visitors.Visitors`.

    noticed: called with each notice of a worker about an app; several workers may send the same.
    silent: called when nothing comes any more from any visitor of a worker. ask: decides whether a
    visitor may enter a guarded app. redial: called when the set of workers that can be dialled has
    changed.
    """

    def __init__(
        self,
        sign_answer: Callable[[BoxOffer, bytes], bytes],
        config: AgentConfig,
        noticed: Callable[[Notice], None],
        silent: Callable[[], None],
        ask: Replies = nobody_enters,
        redial: Callable[[], None] = lambda: None,
    ) -> None:
        self._noticed = noticed
        self._silent = silent
        self._ask = ask
        self._redial = redial
        self._replies: set[asyncio.Task[None]] = set()
        self._sign_answer = sign_answer
        self._routes: Routes = {}
        self._refusals = Refusals()
        self._udp_port = config.udp_port
        self._port = SharedPort(config.udp_port, config.workers) if IS_PORT_SHARED else None
        self._steering: asyncio.Task[None] | None = None
        self._keepers: list[WorkerKeeper] = []
        self._dialled = DialledWorkers(
            self._keepers, is_fixed=config.udp_port != 0, is_shared=self._port is not None
        )
        self._sessions = Sessions(
            config.limits,
            self._keepers,
            exposes=lambda app: app in self._routes,
            refusals=self._refusals,
            is_open=self._dialled.is_open,
        )
        self._keepers += [self._keeper(number, config) for number in range(config.workers)]
        self._tasks: list[asyncio.Task[None]] = []

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

    def end_links(self) -> None:
        for keeper in self._keepers:
            keeper.send(EndLinks())

    async def start(self) -> None:
        """Start all, and wait for them. Raises WorkerError or UsageError if one cannot start."""
        if self._port is not None:
            self._steering = asyncio.create_task(self._port.run())
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
        self._sessions.begin(offer, names, send)

    def descriptors(self, names: PublicNames) -> tuple[Descriptor, ...]:
        return self._dialled.descriptors(names)

    def knocks_wanted(self, names: PublicNames) -> tuple[bytes, tuple[int, ...]]:
        return self._dialled.knocks_wanted(names)

    def knocks_over(self, token: bytes, ports: tuple[int, ...]) -> bool:
        return self._dialled.knocks_over(token, ports)

    @property
    def has_closed_port(self) -> bool:
        return self._dialled.has_closed_port

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
            keeper.facts(
                self._sessions.load(keeper), is_port_open=self._dialled.is_open(keeper.number)
            )
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
        if self._port is not None:
            return {0: self._port.number}
        return {keeper.number: self._udp_port + keeper.number for keeper in self._keepers}

    def mapped(self, addresses: Mapping[int, PublicAddress]) -> None:
        for keeper in self._keepers:
            keeper.mapped(addresses.get(0 if self._port is not None else keeper.number))

    async def drain(self, timeout_s: float) -> None:
        await self._leave(Drain(timeout_s), timeout_s + STOP_S)
        await self.close()

    async def close(self) -> None:
        await self._leave(Stop(), STOP_S)
        steering = () if self._steering is None else (self._steering,)
        tasks = (*self._tasks, *self._replies, *steering)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._port is not None:
            self._port.close()

    async def _all_started(self) -> None:
        for keeper in self._keepers:
            await keeper.started.wait()

    async def _leave(self, message: Drain | Stop, timeout_s: float) -> None:
        self._sessions.close()
        for keeper in self._keepers:
            keeper.leave(message)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=timeout_s)

    def _keeper(self, number: int, config: AgentConfig) -> WorkerKeeper:
        level, form = configured()
        port, public = self._port, config.public_addresses
        begin = Begin(
            number=number,
            udp_port=config.udp_port and config.udp_port + (0 if port else number),
            home=str(config.home),
            limits=share_of(config.limits, config.workers),
            log_level=level,
            log_format=form,
            alive_s=ALIVE_S,
            public_addresses=public if port else tuple(one.of_worker(number) for one in public),
            port=port.handles(number) if port else None,
        )
        return WorkerKeeper(
            begin, self._new_routes, self._received, self._lose, changed=self._redial
        )

    def _lose(self, keeper: WorkerKeeper) -> int:
        if self._port is not None:
            self._port.lost(keeper.number)
        return self._sessions.lose(keeper)

    def _new_routes(self) -> NewRoutes:
        return NewRoutes(tuple(self._routes.values()))

    def _received(self, keeper: WorkerKeeper, message: OfVisitors) -> None:
        """Handle a message of a worker.

        A message about a session that is over is ignored, because agent and worker may have ended
        it at the same moment.
        """
        match message:
            case Signalled():
                self._pass_on(keeper, message)
            case Sign(session, fingerprint):
                found = self._sessions.of(keeper, session)
                if found is not None and found.offer is not None:
                    signature = self._sign_answer(found.offer, fingerprint)
                    found.offer = None
                    keeper.send(Signed(session, signature))
            case DialAsked(session, visitor):
                self._sessions.begin_dialled(keeper, session, visitor)
            case KnockCame(token):
                self._dialled.knock_received(keeper, token)
            case Asked(seq, question):
                task = asyncio.create_task(self._reply(keeper, seq, question))
                self._replies.add(task)
                task.add_done_callback(self._replies.discard)
            case Noticed(notice):
                self._noticed(notice)
            case VisitorsSilent():
                self._silent()
            case Gone(session, is_gone):
                self._sessions.gone(keeper, session, is_gone)
            case Ended(session):
                if self._sessions.of(keeper, session) is not None:
                    self._sessions.end(session)

    async def _reply(self, keeper: WorkerKeeper, seq: int, question: Question) -> None:
        asked = replace(question, link=f"{keeper.number}/{question.link}")
        keeper.send(Replied(seq, await self._ask(asked)))

    def _pass_on(self, keeper: WorkerKeeper, signal: Signalled) -> None:
        message = signal.message()
        if not isinstance(message, BoxAnswer | BoxCandidate | BoxEnd | Refuse):
            raise RemoteProtocolError(f"a worker sent {type(message).__name__} to the coordinator")
        found = self._sessions.of(keeper, message.session)
        if found is None:
            return
        if isinstance(message, BoxAnswer):
            found.stage = Stage.ANSWERED
        elif isinstance(message, BoxEnd | Refuse):
            found.stage = Stage.OVER
        found.send(message)
        if isinstance(message, Refuse):
            self._sessions.end(message.session)


def _note(task: asyncio.Task[None]) -> None:
    """Log an error of a keeper's task. A failed start (P2clawError) is in the log already."""
    error = None if task.cancelled() else task.exception()
    if error is not None and not isinstance(error, P2clawError):
        log.fault("worker not kept", error)
