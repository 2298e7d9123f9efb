"""One worker of an agent: serves the visitors that it is given.

    python -m p2claw.agent.workers.worker NUMBER VERSION

The agent starts it and talks to it on the socket that is its standard input; people do not run it.
NUMBER shows in a list of processes which worker it is. VERSION: of the agent.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import socket
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import uvloop

from p2claw import __version__
from p2claw.agent.visitors.in_process import InProcess
from p2claw.agent.workers.core_share import CoreShare
from p2claw.agent.workers.line import Line, LineClosedError
from p2claw.agent.workers.messages import (
    Alive,
    AppsClosed,
    AskLinks,
    Begin,
    Crowded,
    Dialable,
    DialAdmitted,
    DialAsked,
    Drain,
    Ended,
    EndLinks,
    EntriesEnded,
    Evict,
    ExpectKnock,
    Failed,
    Gone,
    KnockCame,
    Links,
    Mapped,
    NewRoutes,
    Noticed,
    Offered,
    Ready,
    Replied,
    Sign,
    Signalled,
    Signed,
    Stop,
    ToWorker,
    VisitorsSilent,
    to_worker_decoder,
)
from p2claw.agent.workers.remote_keeper import RemoteKeeper
from p2claw.agent.workers.shared_port import Handles
from p2claw.dataplane.carrier._engine import Flows, Place
from p2claw.errors import LinkError, LocalProtocolError, P2clawError, UsageError
from p2claw.garbage import look_rarely
from p2claw.log import configure, get_log
from p2claw.wire.signalling import AgentMessage, BoxCandidate, BoxEnd, BoxOffer, Unknown

log = get_log("agent")

# The agent signs at once. After this time the coordinator has reported the box as silent anyway.
SIGN_S = 10.0

# Exit codes. The agent logs them as `worker ended`.
FAILED = 1
ORPHANED = 3

_PR_SET_PDEATHSIG = 1  # prctl(2)


class Worker:
    """One worker; `run` is its whole life. begin: its settings."""

    def __init__(self, line: Line[ToWorker], begin: Begin) -> None:
        self._line = line
        self._alive_s = begin.alive_s
        self._core = CoreShare(time.monotonic, time.process_time)
        self._keeper = RemoteKeeper(line.send)
        self._visitors = InProcess(
            self._sign,
            begin.limits,
            Path(begin.home),
            noticed=lambda notice: line.send(Noticed(notice)),
            udp_port=begin.udp_port,
            shared=None if begin.port is None else _place(begin.number, begin.port),
            public_addresses=begin.public_addresses,
            ended=lambda session: line.send(Ended(session)),
            silent=lambda: line.send(VisitorsSilent()),
            gone=lambda session, is_gone: line.send(Gone(session, is_gone)),
            place=begin.number,
            ask=self._keeper.reply,
            knocked=lambda token: line.send(KnockCame(token)),
            ask_dial=lambda session, visitor: line.send(DialAsked(session, visitor)),
        )
        self._signatures: dict[str, asyncio.Future[bytes]] = {}
        self._jobs: set[asyncio.Task[None]] = set()
        self._ending = asyncio.Event()

    async def run(self) -> None:
        """Run until the agent ends it. Raises P2clawError; LineClosedError if the agent is gone."""
        await self._visitors.start()
        self._line.send(Ready(self._visitors.udp_ports()[0]))
        living = [self._last(), self._listen(), self._send_alive()]
        tasks = [asyncio.create_task(part) for part in living]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (*tasks, *self._jobs):
                task.cancel()
            await asyncio.wait(tasks)
        for task in done:
            task.result()

    async def _last(self) -> None:
        await self._ending.wait()
        await self._visitors.close()
        self._send_counts()

    async def _listen(self) -> None:
        while True:
            self._handle(await self._line.receive())

    async def _send_alive(self) -> None:
        while True:
            await asyncio.sleep(self._alive_s)
            self._send_counts()

    def _send_counts(self) -> None:
        visitors = self._visitors
        self._line.send(
            Alive(visitors.refused(), visitors.traffic(), self._core.percent(), len(visitors))
        )

    def _handle(self, message: ToWorker) -> None:
        match message:
            case NewRoutes(routes):
                self._visitors.apply({route.app: route for route in routes})
            case Offered(offer, names):
                self._visitors.offer(offer, names, self._send)
            case Dialable(names, keys):
                self._visitors.dialable(names, [key.generation() for key in keys])
            case ExpectKnock(token):
                self._visitors.expect_knock(token)
            case DialAdmitted(session, is_admitted):
                self._visitors.dial_admitted(session, is_admitted)
            case Signalled():
                self._pass_on(message.message())
            case Signed(session, signature):
                awaited = self._signatures.get(session)
                if awaited is not None and not awaited.done():
                    awaited.set_result(signature)
            case Replied(seq, reply):
                self._keeper.replied(seq, reply)
            case EntriesEnded(sessions):
                self._keeper.ended(sessions)
                self._visitors.entries_ended(sessions)
            case AppsClosed(until):
                self._visitors.close_apps(until)
            case EndLinks():
                self._visitors.end_links()
            case Crowded(is_crowded):
                self._visitors.is_crowded = is_crowded
            case Evict(session):
                self._visitors.evict(session)
            case AskLinks(seq):
                self._do(self._send_links(seq))
            case Mapped(address):
                self._visitors.mapped({} if address is None else {0: address})
            case Drain(timeout_s):
                self._do(self._drain(timeout_s))
            case Stop():
                self._ending.set()
            case Begin():
                raise LocalProtocolError("a worker was begun twice")

    def _pass_on(self, message: AgentMessage | Unknown) -> None:
        match message:
            case BoxCandidate(session, candidate, mid):
                self._visitors.candidate(session, candidate, mid)
            case BoxEnd(session):
                self._visitors.end(session)
            case _:
                raise LocalProtocolError(f"a worker was sent {type(message).__name__}")

    def _send(self, message: AgentMessage) -> None:
        self._line.send(Signalled.of(message))

    async def _sign(self, offer: BoxOffer, fingerprint: bytes) -> bytes:
        """Raises LinkError if the agent does not."""
        awaited = asyncio.get_running_loop().create_future()
        self._signatures[offer.session] = awaited
        self._line.send(Sign(offer.session, fingerprint))
        try:
            async with asyncio.timeout(SIGN_S):
                signature: bytes = await awaited
                return signature
        except TimeoutError:
            raise LinkError("The agent did not sign the answer", code="link-timeout") from None
        finally:
            del self._signatures[offer.session]

    async def _send_links(self, seq: int) -> None:
        links = await self._visitors.links()
        self._line.send(Links(seq, tuple(link for _, link in links)))

    async def _drain(self, timeout_s: float) -> None:
        await self._visitors.drain(timeout_s)
        self._ending.set()

    def _do(self, job: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(job)
        self._jobs.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._jobs.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.fault("worker failed", error)
            self._ending.set()


async def run(end: socket.socket, agent_version: str) -> int:
    """One worker, with its end of the line; the exit code."""
    line = await Line.over(end, to_worker_decoder())
    try:
        _check_version(agent_version)
        begin = await line.receive()
        if not isinstance(begin, Begin):
            raise LocalProtocolError(f"a worker begins with {type(begin).__name__}")
        configure(level=begin.log_level, form=begin.log_format, facts={"worker": begin.number})
        worker = Worker(line, begin)
        look_rarely()
        await worker.run()
    except LineClosedError:
        # The agent is gone, and nothing may keep this process alive.
        os._exit(ORPHANED)
    except P2clawError as error:
        line.send(Failed(error.code, error.message, error.hint))
        await line.close()
        return FAILED
    except Exception as error:
        log.fault("worker failed", error)
        return FAILED
    await line.close()
    return 0


def _place(number: int, handles: Handles) -> Place:
    return Place(
        number,
        socket=handles.socket,
        flows=Flows(handles.flows),
        own=handles.own,
        others=handles.others,
    )


def _check_version(agent_version: str) -> None:
    """Raises UsageError if another p2claw was installed since the agent was started."""
    if agent_version != __version__:
        raise UsageError(
            f"The agent is p2claw {agent_version}, but {__version__} is installed now: restart it",
            code="worker-version",
        )


def main() -> int:
    # Service managers send signals to all processes of a service. Only the agent reacts to them.
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    if sys.platform == "linux":
        # A worker whose loop hangs would not notice that the line is closed.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    end = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    return uvloop.run(run(end, sys.argv[2]))


if __name__ == "__main__":
    sys.exit(main())
