"""Keeps one worker running: starts it, reads its messages, and restarts it if it ends by itself."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import time
from collections import Counter
from collections.abc import Callable
from typing import assert_never

from p2claw.agent.visitors.facts import LinkFacts, WorkerFacts
from p2claw.agent.visitors.refusals import Refusals
from p2claw.agent.workers.line import Line, LineClosedError
from p2claw.agent.workers.messages import (
    Alive,
    AppsClosed,
    Asked,
    AskLinks,
    Begin,
    Dialable,
    DialAsked,
    Drain,
    Ended,
    Failed,
    Gone,
    KnockCame,
    Links,
    Mapped,
    Message,
    NewRoutes,
    Noticed,
    OfWorker,
    Ready,
    Sign,
    Signalled,
    Stop,
    VisitorsSilent,
)
from p2claw.agent.workers.placement import Load
from p2claw.agent.workers.process import WorkerError, WorkerProcess
from p2claw.config import PublicAddress
from p2claw.errors import P2clawError, UsageError
from p2claw.link.backoff import Backoff
from p2claw.log import get_log

log = get_log("agent")

# So many intervals in a row may pass without a sign of life. They are counted, instead of waiting
# once for their sum: an agent that was itself stopped for a while (SIGSTOP, a sleeping laptop) then
# finds one interval over, and does not give up every worker at once.
SILENT_TIMES = 6

# A worker needs a second or two to start, and longer on a machine that is still booting.
START_S = 30.0

# `p2claw sessions` waits for this, and gives up after 10 s.
LINKS_S = 3.0

# A worker that lived this long starts again after the shortest delay: it is not in a loop.
SETTLED_S = 60.0

OfVisitors = (
    Signalled | Sign | DialAsked | KnockCame | Asked | Ended | Gone | Noticed | VisitorsSilent
)


class State(enum.Enum):
    """STARTING → READY → RESTING → STARTING …, and from each to LEAVING."""

    STARTING = "starting"
    READY = "ready"
    RESTING = "resting"
    LEAVING = "leaving"


class WorkerKeeper:
    """The life of one worker, over all the processes that it is started as.

    started: set when the worker accepts offers for the first time. routes: returns the present
    routes. received: called with each message about visitors; raises P2clawError if the worker is
    not allowed to send that. lost: called when the process has ended; ends the sessions of its
    visitors and returns how many they were.
    """

    def __init__(
        self,
        begin: Begin,
        routes: Callable[[], NewRoutes],
        received: Callable[[WorkerKeeper, OfVisitors], None],
        lost: Callable[[WorkerKeeper], int],
        *,
        changed: Callable[[], None] = lambda: None,
        backoff: Backoff | None = None,
    ) -> None:
        self.started = asyncio.Event()
        self.state = State.STARTING
        self._begin = begin
        self._routes = routes
        self._received = received
        self._lost = lost
        self._changed = changed
        self._backoff = backoff or Backoff()
        self._restarts = 0
        self._process: WorkerProcess | None = None
        self._refused_before = Refusals()  # by processes that have ended
        self._refused: dict[str, int] = {}
        self._traffic_before: Counter[str] = Counter()
        self._traffic: dict[str, int] = {}
        self._since_s = time.monotonic()
        self._leaving = asyncio.Event()
        self._seq = 0
        self._asked: dict[int, asyncio.Future[tuple[LinkFacts, ...]]] = {}
        self._mapped: PublicAddress | None = None
        self._dialable: Dialable | None = None
        self._closed = AppsClosed({})
        self.udp_port = 0  # of its process; 0: there is none that is ready
        self.load = Load()  # of its process, as it reported last

    @property
    def number(self) -> int:
        return self._begin.number

    async def run(self) -> None:
        """Keep it running until `leave`. Raises P2clawError if the very first start fails."""
        while not self._leaving.is_set():
            why = await self._live()
            if self._leaving.is_set():
                return
            if not self.started.is_set():
                raise why
            if time.monotonic() - self._since_s > SETTLED_S:
                self._backoff.reset()
            delay_s = self._backoff.next_delay_s()
            log.warning("worker starts again", worker=self.number, after_s=round(delay_s, 1))
            self._restarts += 1
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay_s):
                    await self._leaving.wait()

    def send(self, message: Message) -> None:
        """Send a message to the process. Without a running process it is dropped."""
        if self._process is not None:
            self._process.line.send(message)

    def mapped(self, address: PublicAddress | None) -> None:
        """The router forwards this to the worker's UDP port; None: nothing any more."""
        self._mapped = address
        self.send(Mapped(address))

    def dialable(self, message: Dialable) -> None:
        """Visitors may dial it with these keys; a process that replaces it gets them too."""
        self._dialable = message
        self.send(message)

    def close_apps(self, message: AppsClosed) -> None:
        """These apps are closed; a process that replaces it learns of them too."""
        self._closed = message
        self.send(message)

    @property
    def public_addresses(self) -> tuple[PublicAddress, ...]:
        """Where its port is reached, as the owner has named it, or the router."""
        mapped = () if self._mapped is None else (self._mapped,)
        return (*self._begin.public_addresses, *mapped)

    def leave(self, message: Drain | Stop) -> None:
        """Send the worker this message to end it, and restart it no more. Stop may follow Drain."""
        self.state = State.LEAVING
        self._leaving.set()
        self.send(message)

    async def links(self) -> tuple[LinkFacts, ...]:
        """Facts about its open links; empty if the worker does not reply in time."""
        if self._process is None:
            return ()
        self._seq += 1
        seq, reply = self._seq, asyncio.get_running_loop().create_future()
        self._asked[seq] = reply
        self.send(AskLinks(seq))
        try:
            async with asyncio.timeout(LINKS_S):
                links: tuple[LinkFacts, ...] = await reply
                return links
        except TimeoutError:
            log.warning("worker does not report its links", worker=self.number)
            return ()
        finally:
            del self._asked[seq]

    def facts(self, links: int, *, is_port_open: bool | None) -> WorkerFacts:
        """links: how many visitors it has."""
        process = self._process
        uptime_s = 0.0 if process is None else time.monotonic() - self._since_s
        pid = None if process is None else process.pid
        return WorkerFacts(
            number=self.number,
            pid=pid,
            links=links,
            uptime_s=uptime_s,
            restarts=self._restarts,
            udp_port=self.udp_port,
            is_port_open=is_port_open,
            cpu_percent=self.load.cpu_percent,
        )

    def refused(self) -> dict[str, int]:
        """What its processes have refused until now, by their latest reports."""
        now = self._refused_before.copy()
        now.add(self._refused)
        return now.counts()

    def traffic(self) -> dict[str, int]:
        """What its visitors have moved until now, by its latest reports."""
        return dict(self._traffic_before + Counter(self._traffic))

    async def _live(self) -> P2clawError:
        """Run one process from its start to its end; returns why it ended."""
        self._enter(State.STARTING)
        self._since_s = time.monotonic()
        try:
            process = self._process = await WorkerProcess.start(self.number, self._inherited())
        except WorkerError as error:
            log.error("worker not started", worker=self.number, error=error.message)
            return error
        try:
            why = await self._listen(process.line)
        finally:
            self._process = None
            self._refused_before.add(self._refused)
            self._refused = {}
            self._traffic_before.update(self._traffic)
            self._traffic = {}
            self._enter(State.RESTING)
            self.udp_port = 0
            self.load = Load()
            self._changed()
            links = self._lost(self)
            for reply in self._asked.values():
                if not reply.done():
                    reply.set_result(())
            status = await process.end()
        if self._leaving.is_set():
            return why
        if isinstance(why, LineClosedError):
            hint = "What it wrote to the log shows why"
            why = WorkerError(f"Worker {self.number} ended with {status}", hint=hint)
        log.error(
            "worker ended",
            worker=self.number,
            pid=process.pid,
            exit=status,
            links=links,
            error=why.message,
        )
        return why

    async def _listen(self, line: Line[OfWorker]) -> P2clawError:
        """Read messages until the line ends or a forbidden one comes; returns which it was."""
        line.send(self._begin)
        line.send(self._routes())
        line.send(self._closed)
        line.send(Mapped(self._mapped))
        if self._dialable is not None:
            line.send(self._dialable)
        if self._leaving.is_set():
            line.send(Stop())
        try:
            while True:
                self._handle(await self._receive(line))
        except P2clawError as error:
            return error
        except Exception as error:
            log.fault("worker not understood", error, worker=self.number)
            return WorkerError(f"Worker {self.number} was not understood")

    async def _receive(self, line: Line[OfWorker]) -> OfWorker:
        starting = self.state is State.STARTING
        wait_s = START_S / SILENT_TIMES if starting else self._begin.alive_s
        for _ in range(SILENT_TIMES):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    return await line.receive()
        raise WorkerError(
            f"Worker {self.number} has sent nothing for {wait_s * SILENT_TIMES:g} s",
            code="worker-silent",
        )

    def _handle(self, message: OfWorker) -> None:
        match message:
            case Ready(udp_port):
                self.udp_port = udp_port
                self._enter(State.READY)
                self.started.set()
                self._changed()
            case Alive(refused, traffic, cpu_percent, links):
                self._refused, self._traffic = refused, traffic
                self.load = Load(cpu_percent, links)
            case Failed(code, text, hint):
                raise UsageError(text, code=code, hint=hint)
            case Links(seq, links):
                reply = self._asked.get(seq)
                if reply is not None and not reply.done():
                    reply.set_result(links)
            case (
                Signalled()
                | Sign()
                | DialAsked()
                | KnockCame()
                | Asked()
                | Ended()
                | Gone()
                | Noticed()
                | VisitorsSilent()
            ):
                self._received(self, message)
            case _:
                assert_never(message)

    def _inherited(self) -> tuple[int, ...]:
        return () if self._begin.port is None else self._begin.port.all

    def _enter(self, state: State) -> None:
        if self.state is not State.LEAVING:
            self.state = state
