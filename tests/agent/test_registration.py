"""What an agent sends to its coordinator, and what it does with replies: a real WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from p2claw.agent.home.identity import Identity, load_or_create_identity
from p2claw.agent.home.public_names import PublicNames
from p2claw.agent.registration import Registration
from p2claw.agent.visitors.visitors import Send
from p2claw.link.backoff import Backoff
from p2claw.link.control import ControlConnection, ControlState
from p2claw.wire.signalling import (
    AgentError,
    AgentMessage,
    Announce,
    Announced,
    BoxCandidate,
    BoxEnd,
    BoxOffer,
    Challenge,
    Dial,
    Knock,
    Knocked,
    Register,
    Registered,
    Unknown,
    decode_agent,
    encode_agent,
)
from p2claw.wire.signalling.dialling import Descriptor, Ticket
from p2claw.wire.signalling.signatures import DIAL, REGISTER, register_payload, verify
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


async def test_a_registration_is_signed_for_this_nonce_time_and_audience(tmp_path: Path) -> None:
    got: list[object] = []

    async def coordinator(line: Line) -> None:
        await line.send(Challenge(NONCE, NOW_S))
        got.append(await line.receive())

    async with registering(tmp_path, coordinator) as box:
        await until(lambda: bool(got))
    (register,) = got[:1]
    assert isinstance(register, Register)
    assert (register.nonce, register.time) == (NONCE, NOW_S)
    assert register.audience == "coordinator.example:8787"
    payload = register_payload(NONCE, NOW_S, "coordinator.example:8787")
    assert verify(box.identity.public_key, REGISTER, payload, register.signature)


async def test_once_registered_the_box_is_online_and_has_its_names(tmp_path: Path) -> None:
    async def coordinator(line: Line) -> None:
        await line.register()
        await line.hang()

    async with registering(tmp_path, coordinator) as box:
        await until(lambda: box.control.state is ControlState.ONLINE)
        names = box.registration.names
    assert names is not None
    assert names.alias == "purplecrab"


async def test_the_descriptor_is_sent_with_its_signature_and_only_if_it_is(
    tmp_path: Path,
) -> None:
    descriptor = Descriptor(Ticket(0, NOW_S, bytes(10)), "p" * 24, bytes(32), (("192.0.2.1", 9),))
    got: list[object] = []
    second = replace(descriptor, addresses=(("192.0.2.1", 10),))
    dialled = [(), (descriptor, second)]

    async def coordinator(line: Line) -> None:
        await line.register()
        await line.send(BoxEnd("any"))
        with suppress(TimeoutError):
            got.append(await asyncio.wait_for(line.receive(), 0.2))

    async with registering(tmp_path, coordinator) as box:
        for box.recorder.dialled in dialled:
            await until(lambda: len(box.waits) > dialled.index(box.recorder.dialled))
    (dial,) = got[:1]
    assert isinstance(dial, Dial)
    assert Descriptor.unpack(dial.descriptor) == descriptor
    assert verify(box.identity.public_key, DIAL, dial.descriptor, dial.signature)
    ((other, signature),) = dial.others
    assert Descriptor.unpack(other) == second
    assert verify(box.identity.public_key, DIAL, other, signature)


async def test_the_coordinator_is_asked_to_knock_and_what_it_says_is_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2claw.agent.registration.KNOCKS_S", 0.01)
    monkeypatch.setattr(Recorder, "ports", (4_100, 4_101))
    got: list[object] = []

    async def coordinator(line: Line) -> None:
        await line.register()
        got.append(await line.receive())
        await line.send(Knocked(TOKEN, (4_100,)))
        await line.hang()

    async with registering(tmp_path, coordinator) as box:
        await until(lambda: bool(box.recorder.knocked))
    assert got == [Knock(TOKEN, (4_100, 4_101))]
    assert box.recorder.knocked == [(TOKEN, (4_100,))]


async def test_the_key_alias_is_computed_and_not_believed(tmp_path: Path) -> None:
    async def coordinator(line: Line) -> None:
        await line.register()
        await line.hang()

    async with registering(tmp_path, coordinator) as box:
        await until(lambda: box.registration.names is not None)
        names = box.registration.names
    assert names is not None
    assert names.key_alias == box.identity.key_alias


async def test_all_apps_are_announced_at_once(tmp_path: Path) -> None:
    announced: list[Announce] = []

    async def coordinator(line: Line) -> None:
        announced.append(await line.register())

    async with registering(tmp_path, coordinator):
        await until(lambda: bool(announced))
    assert announced[0].apps == ("cat", "dog")


async def test_an_announcement_waits_until_the_coordinator_knows(tmp_path: Path) -> None:
    steps: list[str] = []

    async def coordinator(line: Line) -> None:
        await line.register()
        changed = await line.receive()
        assert isinstance(changed, Announce)
        assert changed.apps == ("cat", "dog", "eel")
        steps.append("got")
        await line.send(Announced(changed.seq, {"eel": "app-name-reserved"}))
        await line.hang()

    async with registering(tmp_path, coordinator) as box:
        await until(lambda: box.control.state is ControlState.ONLINE)
        box.apps.append("eel")
        await box.registration.announce()
        steps.append("returned")
        assert box.registration.rejected == {"eel": "app-name-reserved"}
    assert steps == ["got", "returned"]


async def test_whoever_sees_the_box_online_and_announces_waits_for_the_reply(
    tmp_path: Path,
) -> None:
    remembering, acknowledged = asyncio.Event(), []

    async def coordinator(line: Line) -> None:
        await line.register()
        changed = await line.receive()
        assert isinstance(changed, Announce)
        acknowledged.append(changed.apps)
        await line.send(Announced(changed.seq, {}))
        await line.hang()

    async def accepted() -> None:
        await remembering.wait()

    async with registering(tmp_path, coordinator, accepted=accepted) as box:
        await until(lambda: box.control.state is ControlState.ONLINE)
        async with asyncio.timeout(2):
            await box.registration.announce()
        assert acknowledged == [("cat", "dog")]
        remembering.set()


async def test_an_announcement_does_not_wait_for_a_coordinator_that_is_not_there(
    tmp_path: Path,
) -> None:
    registration = Registration(
        load_or_create_identity(tmp_path / "identity.key"), "x", lambda: ["dog"], Recorder()
    )
    async with asyncio.timeout(1):
        await registration.announce()


async def test_an_announcement_does_not_outlive_its_connection(tmp_path: Path) -> None:
    async def coordinator(line: Line) -> None:
        await line.register()
        await line.receive()  # and close without a word

    async with registering(tmp_path, coordinator) as box:
        await until(lambda: box.control.state is ControlState.ONLINE)
        async with asyncio.timeout(2):
            await box.registration.announce()


async def test_offers_candidates_and_ends_are_passed_on(tmp_path: Path) -> None:
    async def coordinator(line: Line) -> None:
        await line.register()
        await line.send(OFFER)
        await line.send(BoxCandidate("session-1", "candidate:1", "0"))
        await line.send(BoxEnd("session-1"))
        await line.hang()

    async with registering(tmp_path, coordinator) as box:
        await until(lambda: len(box.recorder.given) == 3)
        names = box.registration.names
    assert box.recorder.given == [(OFFER, names), ("session-1", "candidate:1", "0"), "session-1"]


async def test_what_is_sent_for_a_session_reaches_the_coordinator(tmp_path: Path) -> None:
    got: list[object] = []

    async def coordinator(line: Line) -> None:
        await line.register()
        await line.send(OFFER)
        got.append(await line.receive())
        await line.hang()

    async with registering(tmp_path, coordinator) as box:
        await until(lambda: box.recorder.send is not None)
        assert box.recorder.send is not None
        box.recorder.send(BoxEnd("session-1"))
        await until(lambda: bool(got))
    assert got == [BoxEnd("session-1")]


async def test_what_is_sent_after_the_connection_was_lost_is_dropped(tmp_path: Path) -> None:
    got: list[object] = []

    async def coordinator(line: Line) -> None:
        await line.register()
        if not got:
            got.append("first connection")
            await line.send(OFFER)
            return
        got.append(await line.receive())

    async with registering(tmp_path, coordinator) as box:
        await until(lambda: box.recorder.send is not None and len(box.waits) == 1)
        await until(lambda: box.control.state is ControlState.ONLINE)
        assert box.recorder.send is not None
        box.recorder.send(BoxEnd("session-1"))
        box.apps.append("eel")
        announcing = asyncio.create_task(box.registration.announce())
        await until(lambda: len(got) == 2)
        await announcing
    assert isinstance(got[1], Announce)


async def test_a_message_of_a_newer_coordinator_is_passed_over(tmp_path: Path) -> None:
    async def coordinator(line: Line) -> None:
        await line.register()
        await line.socket.send_bytes(b"\x81\xa1t\xa7weather")
        await line.send(OFFER)
        await line.hang()

    async with registering(tmp_path, coordinator) as box:
        await until(lambda: len(box.recorder.given) == 1)
        assert box.waits == []


@pytest.mark.parametrize(
    "nonsense", [b"", b"\xc1", b"\x90", encode_agent(Challenge(NONCE, NOW_S)), b"x" * 70_000]
)
async def test_nonsense_ends_the_connection_and_not_the_agent(
    tmp_path: Path, nonsense: bytes
) -> None:
    async def coordinator(line: Line) -> None:
        await line.register()
        await line.socket.send_bytes(nonsense)
        await line.hang()

    async with registering(tmp_path, coordinator) as box:
        await until(lambda: len(box.waits) >= 2)


async def test_a_coordinator_that_sends_nothing_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2claw.agent.registration.REGISTER_TIMEOUT_S", 0.05)

    async def silent(line: Line) -> None:
        await line.hang()

    async with registering(tmp_path, silent) as box:
        await until(lambda: len(box.waits) >= 2)


@pytest.mark.parametrize("kept", [True, False, None])
@pytest.mark.parametrize(
    ("ahead_s", "phrase"), [(300, "300 s ahead of"), (-4000, "4000 s behind"), (0, "too far")]
)
async def test_a_wrong_clock_is_reported_with_how_much_and_whose(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ahead_s: int, phrase: str, kept: bool | None
) -> None:
    monkeypatch.setattr("p2claw.agent.registration.is_clock_kept", lambda: kept)
    box = await last_error(tmp_path, AgentError("clock-skew"), ahead_s=ahead_s)
    assert phrase in box.control.last_error
    its_own = not (kept and ahead_s)
    assert ("timedatectl" in box.control.last_error) is its_own
    assert ("Ask the owner of the coordinator" in box.control.last_error) is not its_own


@pytest.mark.parametrize("code", ["signature-invalid", "version", "audience-invalid", "replaced"])
async def test_what_does_not_mend_itself_is_not_tried_again_soon(tmp_path: Path, code: str) -> None:
    box = await last_error(tmp_path, AgentError(code))
    assert box.waits[0] >= 60


@pytest.mark.parametrize("code", ["clock-skew", "rate-limited", "timeout"])
async def test_what_may_mend_itself_is_tried_again(tmp_path: Path, code: str) -> None:
    box = await last_error(tmp_path, AgentError(code))
    assert box.waits[0] < 60


async def test_a_coordinator_that_is_too_new_asks_for_an_update(tmp_path: Path) -> None:
    async def coordinator(line: Line) -> None:
        await line.send(Challenge(NONCE, NOW_S, v=9, min=9))
        await line.hang()

    async with registering(tmp_path, coordinator) as box:
        await until(lambda: bool(box.waits))
    assert "Update p2claw" in box.control.last_error
    assert box.waits[0] >= 60


async def test_an_error_that_is_not_known_is_passed_on_with_its_own_text(tmp_path: Path) -> None:
    box = await last_error(tmp_path, AgentError("full-moon", "Not tonight"))
    assert "Not tonight" in box.control.last_error


async def test_a_base_that_is_no_url_is_refused(tmp_path: Path) -> None:
    async def coordinator(line: Line) -> None:
        await line.send(Challenge(NONCE, NOW_S))
        await line.receive()
        await line.send(Registered("purplecrab", "x", "javascript:{label}", 20))
        await line.hang()

    async with registering(tmp_path, coordinator) as box:
        await until(lambda: bool(box.waits))
        assert box.registration.names is None
