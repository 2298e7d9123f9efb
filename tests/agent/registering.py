"""A registration at a coordinator that the test plays: a real WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from p2claw.agent.home.identity import Identity, load_or_create_identity
from p2claw.agent.home.public_names import PublicNames
from p2claw.agent.registration import Registration
from p2claw.agent.visitors.visitors import Send
from p2claw.link.backoff import Backoff
from p2claw.link.control import ControlConnection
from p2claw.wire.signalling import (
    AgentError,
    AgentMessage,
    Announce,
    BoxOffer,
    Challenge,
    Register,
    Registered,
    Unknown,
    decode_agent,
    encode_agent,
)
from p2claw.wire.signalling.dialling import Descriptor
from tests.support.upstreams import until

NONCE = bytes(range(32))
TOKEN = bytes(66)
NOW_S = 1_800_000_000
REGISTERED = Registered("purplecrab", "not-the-real-one", "http://{label}.localhost:8787", 20)
OFFER = BoxOffer("session-1", "dog", "v=0", (), "203.0.113.0/24")


@dataclass
class Recorder:
    """Records what it was given."""

    given: list[object] = field(default_factory=list)
    send: Send | None = None
    dialled: tuple[Descriptor, ...] = ()
    ports: ClassVar[tuple[int, ...]] = ()
    knocked: list[tuple[bytes, tuple[int, ...]]] = field(default_factory=list)

    def descriptors(self, names: PublicNames) -> tuple[Descriptor, ...]:
        return self.dialled

    def knocks_wanted(self, names: PublicNames) -> tuple[bytes, tuple[int, ...]]:
        return TOKEN, self.ports

    def knocks_over(self, token: bytes, ports: tuple[int, ...]) -> bool:
        self.knocked.append((token, ports))
        return False

    @property
    def has_closed_port(self) -> bool:
        return False

    def offer(self, offer: BoxOffer, names: PublicNames, send: Send) -> None:
        self.given.append((offer, names))
        self.send = send

    def candidate(self, session: str, candidate: str, mid: str) -> None:
        self.given.append((session, candidate, mid))

    def end(self, session: str) -> None:
        self.given.append(session)


class Line:
    """The coordinator's end of a control connection."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self.socket = socket

    async def send(self, message: AgentMessage) -> None:
        await self.socket.send_bytes(encode_agent(message))

    async def receive(self) -> AgentMessage | Unknown:
        message = await asyncio.wait_for(self.socket.receive(), 10)
        assert message.type is WSMsgType.BINARY, message
        return decode_agent(message.data)

    async def register(self) -> Announce:
        """The usual beginning, to the first announcement."""
        await self.send(Challenge(NONCE, NOW_S))
        assert isinstance(await self.receive(), Register)
        await self.send(REGISTERED)
        announce = await self.receive()
        assert isinstance(announce, Announce)
        return announce

    async def hang(self) -> None:
        """Receive until the other side closes."""
        async for _ in self.socket:
            pass


@dataclass
class Box:
    registration: Registration
    control: ControlConnection
    recorder: Recorder
    identity: Identity
    apps: list[str]
    waits: list[float]


@asynccontextmanager
async def registering(
    tmp_path: Path,
    coordinator: Callable[[Line], Awaitable[None]],
    *,
    ahead_s: int = 0,
    accepted: Callable[[], Awaitable[None]] | None = None,
) -> AsyncIterator[Box]:
    """A registration that dials a coordinator which says what the test wants."""
    faults: list[Exception] = []

    async def handle(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        try:
            await coordinator(Line(socket))
        except Exception as error:
            faults.append(error)
        await socket.close()
        return socket

    waits: list[float] = []

    async def sleep(delay_s: float) -> None:
        waits.append(delay_s)
        await asyncio.sleep(0.01)

    application = web.Application()
    application.router.add_get("/agent", handle)
    identity = load_or_create_identity(tmp_path / "identity.key")
    recorder, apps = Recorder(), ["dog", "cat"]
    async with TestServer(application) as server:
        registration = Registration(
            identity,
            "coordinator.example:8787",
            lambda: apps,
            recorder,
            accepted=accepted,
            clock=lambda: NOW_S + ahead_s,
        )
        control = ControlConnection(
            str(server.make_url("/agent")), registration.serve, backoff=Backoff(), sleep=sleep
        )
        task = asyncio.create_task(control.run())
        try:
            yield Box(registration, control, recorder, identity, apps, waits)
        finally:
            task.cancel()
            await asyncio.wait({task})
    if faults:
        raise faults[0]


async def last_error(tmp_path: Path, error: AgentError, *, ahead_s: int = 0) -> Box:
    """A box whose registration was refused with error."""

    async def refusing(line: Line) -> None:
        await line.send(Challenge(NONCE, NOW_S))
        await line.receive()
        await line.send(error)

    async with registering(tmp_path, refusing, ahead_s=ahead_s) as box:
        await until(lambda: bool(box.waits))
    return box
