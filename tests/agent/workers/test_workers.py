"""Workers as processes of their own: who gets which visitor, and what becomes of it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from p2claw.agent.home.identity import Identity, load_or_create_identity
from p2claw.agent.home.public_names import PublicNames
from p2claw.agent.home.routes import route_from
from p2claw.agent.workers.process import WorkerError
from p2claw.agent.workers.workers import Workers
from p2claw.config import LAST_PORT, AgentConfig, AgentLimits
from p2claw.config.agent import IS_PORT_SHARED
from p2claw.errors import UsageError
from p2claw.link.backoff import Backoff
from p2claw.wire.signalling import AgentMessage, BoxAnswer, BoxCandidate, BoxEnd, BoxOffer, Refuse
from p2claw.wire.signalling.signatures import ANSWER, answer_payload, fingerprint_of, verify
from tests.agent.workers import stand_in
from tests.support.processes import alive
from tests.support.upstreams import until

NAMES = PublicNames("http://{label}.localhost:8787", "purplecrab", "a" * 26)


def has_offer(box: Box, sdp: str) -> bool:
    """Offer once more, whether a worker takes it."""
    session = f"again-{len(box.sent)}"
    box.offer(session, sdp)
    return (session, "box-busy") not in box.refusals()


@dataclass
class Box:
    workers: Workers
    sent: list[AgentMessage] = field(default_factory=list)

    def offer(self, session: str, sdp: str, *, visitor: str = "") -> None:
        self.workers.offer(BoxOffer(session, "dog", sdp, (), visitor), NAMES, self.sent.append)

    def refusals(self) -> list[tuple[str, str]]:
        return [
            (message.session, message.code) for message in self.sent if isinstance(message, Refuse)
        ]

    def answered(self, session: str) -> bool:
        return any(
            isinstance(message, BoxAnswer) and message.session == session for message in self.sent
        )

    def links(self) -> list[int]:
        return [worker.links for worker in self.workers.workers()]

    def pid(self, number: int = 0) -> int:
        pid = self.workers.workers()[number].pid
        assert pid is not None
        return pid

    def restarts(self) -> int:
        return sum(worker.restarts for worker in self.workers.workers())

    async def lost(self, number: int = 0) -> None:
        """Kill a worker, and wait until that is known."""
        os.kill(self.pid(number), signal.SIGKILL)
        await until(lambda: self.workers.workers()[number].pid is None)


@asynccontextmanager
async def box_with(
    home: Path,
    workers: int,
    limits: AgentLimits | None = None,
    *,
    identity: Identity | None = None,
    udp_port: int = 0,
) -> AsyncIterator[Box]:
    """A pool that exposes dog. Afterwards none of its processes is left."""
    config = AgentConfig(
        home=home, workers=workers, limits=limits or AgentLimits(), udp_port=udp_port
    )
    own = identity or load_or_create_identity(home / "identity.key")
    pool = Workers(own.sign_answer, config, print, print)
    pool.apply({"dog": route_from("dog", {"upstream": "3000"})})
    pids: list[int] = []
    try:
        await pool.start()
        yield Box(pool)
        pids = [worker.pid for worker in pool.workers() if worker.pid is not None]
    finally:
        await pool.close()
    assert not any(map(alive, pids))


@pytest.fixture
def stand_in_is(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Workers started from now on are stand-ins that behave so."""

    def choose(how: str) -> None:
        monkeypatch.setattr("p2claw.agent.workers.process.MODULE", stand_in.__name__)
        monkeypatch.setenv(stand_in.HOW, how)

    return choose


@pytest.fixture
def long_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that ended is not started again within this test."""
    monkeypatch.setattr(
        "p2claw.agent.workers.keeper.Backoff", lambda: Backoff(base_s=60, draw=lambda: 1.0)
    )
    monkeypatch.setattr("p2claw.link.backoff.SOON_CAP_S", 60.0)


async def test_an_answer_of_a_worker_is_signed_with_the_key_of_the_box(
    tmp_path: Path, offer_sdp: str
) -> None:
    identity = load_or_create_identity(tmp_path / "identity.key")
    async with box_with(tmp_path, 1) as box:
        box.offer("one", offer_sdp)
        await until(lambda: box.answered("one"))
        (answer,) = [message for message in box.sent if isinstance(message, BoxAnswer)]
    payload = answer_payload("one", offer_sdp, fingerprint_of(answer.sdp))
    assert verify(identity.public_key, ANSWER, payload, answer.signature)


async def test_the_candidates_of_a_worker_come_after_its_answer(
    tmp_path: Path, offer_sdp: str
) -> None:
    async with box_with(tmp_path, 1) as box:
        box.offer("one", offer_sdp)
        await until(lambda: BoxCandidate("one", "", "0") in box.sent)
    assert isinstance(box.sent[0], BoxAnswer)


async def test_visitors_are_spread_and_a_place_that_is_free_is_taken_first(
    tmp_path: Path, offer_sdp: str
) -> None:
    async with box_with(tmp_path, 2) as box:
        for session in ("zero", "one", "two", "three"):
            box.offer(session, offer_sdp)
        assert box.links() == [2, 2]
        box.offer("nonsense", "no offer at all")
        await until(lambda: ("nonsense", "protocol") in box.refusals())
        assert box.links() == [2, 2]
        for session in ("four", "five"):
            box.offer(session, offer_sdp)
        assert box.links() == [3, 3]
        assert len(box.workers) == 6


async def test_the_limits_are_those_of_all_workers_together(tmp_path: Path, offer_sdp: str) -> None:
    limits = AgentLimits(links=3)
    async with box_with(tmp_path, 2, limits) as box:
        box.offer("one", offer_sdp, visitor="203.0.113.0/24")
        box.offer("two", offer_sdp, visitor="203.0.113.0/24")
        box.offer("same", offer_sdp, visitor="203.0.113.0/24")
        box.offer("three", offer_sdp, visitor="198.51.100.0/24")
        box.offer("four", offer_sdp, visitor="192.0.2.0/24")
        assert box.refusals() == [("same", "box-busy"), ("four", "box-busy")]


async def test_a_link_that_does_not_open_makes_room(tmp_path: Path, offer_sdp: str) -> None:
    async with box_with(tmp_path, 1, AgentLimits(link_open_s=0.05)) as box:
        box.offer("one", offer_sdp)
        await until(lambda: BoxEnd("one") in box.sent)
        await until(lambda: box.links() == [0])


async def test_a_newcomer_gets_the_place_of_a_visitor_that_a_worker_reports_as_gone(
    tmp_path: Path, stand_in_is: Callable[[str], None]
) -> None:
    stand_in_is(stand_in.FORGETS)
    async with box_with(tmp_path, 1, AgentLimits(links=1)) as box:
        box.offer("one", "v=0")
        await until(lambda: has_offer(box, "v=0"))
        assert box.links() == [1]


async def test_a_message_about_a_session_reaches_its_worker(
    tmp_path: Path, stand_in_is: Callable[[str], None]
) -> None:
    stand_in_is(stand_in.ECHOES)
    async with box_with(tmp_path, 2) as box:
        for session in ("one", "two"):
            box.offer(session, "v=0")
        box.workers.candidate("two", "candidate:2", "0")
        await until(lambda: box.sent == [BoxCandidate("two", "candidate:2", "worker 1")])
        box.workers.end("two")
        await until(lambda: box.links() == [1, 0])
        box.workers.candidate("two", "candidate:2", "0")
        box.workers.end("two")


async def test_the_sessions_of_a_worker_that_dies_end_and_another_takes_its_place(
    tmp_path: Path, offer_sdp: str
) -> None:
    async with box_with(tmp_path, 1) as box:
        box.offer("answered", offer_sdp)
        await until(lambda: box.answered("answered"))
        os.kill(box.pid(), signal.SIGSTOP)
        box.offer("offered", offer_sdp)
        await box.lost()
        assert BoxEnd("answered") in box.sent
        assert box.refusals() == [("offered", "box-busy")]
        assert box.links() == [0]
        await until(lambda: has_offer(box, offer_sdp))
        assert box.restarts() == 1


@pytest.mark.usefixtures("long_rest")
async def test_while_one_worker_rests_the_others_serve_all(tmp_path: Path, offer_sdp: str) -> None:
    async with box_with(tmp_path, 2) as box:
        await box.lost(0)
        for session in ("one", "two"):
            box.offer(session, offer_sdp)
        assert box.links() == [0, 2]
        await box.lost(1)
        box.offer("three", offer_sdp)
        assert ("three", "box-busy") in box.refusals()
        began_s = time.monotonic()
        await box.workers.drain(10)
        assert time.monotonic() - began_s < 5  # nobody waits for the end of a rest


async def test_a_worker_that_hangs_is_given_up(
    tmp_path: Path, offer_sdp: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2claw.agent.workers.workers.ALIVE_S", 0.2)
    monkeypatch.setattr("p2claw.agent.workers.process.END_S", 0.1)
    async with box_with(tmp_path, 1) as box:
        pid = box.pid()
        os.kill(pid, signal.SIGSTOP)
        await until(lambda: box.restarts() > 0)
        assert not alive(pid)


async def test_a_worker_that_cannot_start_reports_why(
    tmp_path: Path, stand_in_is: Callable[[str], None]
) -> None:
    stand_in_is(stand_in.REFUSES)
    with pytest.raises(UsageError) as caught:
        async with box_with(tmp_path, 2):
            pass
    assert caught.value.code == "udp-port-taken"
    assert caught.value.hint == "Give another"


async def test_all_workers_have_one_udp_port_or_each_the_next(tmp_path: Path) -> None:
    first = two_free_ports()
    async with box_with(tmp_path, 2, udp_port=first):
        taken = [taken_by_somebody(port) for port in (first, first + 1)]
        assert taken == [True, not IS_PORT_SHARED]
    assert [taken_by_somebody(port) for port in (first, first + 1)] == [False, False]


async def test_a_worker_whose_udp_port_is_taken_keeps_the_agent_from_starting(
    tmp_path: Path,
) -> None:
    first = two_free_ports()
    wanted = first if IS_PORT_SHARED else first + 1
    with socket.socket(type=socket.SOCK_DGRAM) as other:
        other.bind(("", wanted))
        with pytest.raises(UsageError) as caught:
            async with box_with(tmp_path, 2, udp_port=first):
                pass
    assert caught.value.code == "udp-port-taken"
    assert str(wanted) in caught.value.message


def two_free_ports() -> int:
    """The first of two UDP ports in a row that nobody has."""
    while True:
        with socket.socket(type=socket.SOCK_DGRAM) as tried:
            tried.bind(("", 0))
            port: int = tried.getsockname()[1]
        if port < LAST_PORT and not taken_by_somebody(port) and not taken_by_somebody(port + 1):
            return port


def taken_by_somebody(port: int) -> bool:
    with socket.socket(type=socket.SOCK_DGRAM) as tried:
        try:
            tried.bind(("", port))
        except OSError:
            return True
    return False


async def test_a_worker_that_ends_before_it_is_ready_is_an_error(
    tmp_path: Path, stand_in_is: Callable[[str], None]
) -> None:
    stand_in_is(stand_in.CRASHES)
    with pytest.raises(WorkerError) as caught:
        async with box_with(tmp_path, 2):
            pass
    assert caught.value.code == "worker-failed"
    assert "ended with 7" in caught.value.message


async def test_a_worker_of_another_version_asks_for_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2claw.__version__", "0.0.7")
    with pytest.raises(UsageError) as caught:
        async with box_with(tmp_path, 1):
            pass
    assert caught.value.code == "worker-version"
    assert "0.0.7" in caught.value.message


async def test_a_worker_loads_no_code_from_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("msgspec.py", "uvloop.py"):
        (tmp_path / name).write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    async with box_with(tmp_path, 1) as box:
        assert alive(box.pid())


async def test_a_worker_that_does_not_start_in_time_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2claw.agent.workers.keeper.START_S", 0.05)
    with pytest.raises(WorkerError) as caught:
        async with box_with(tmp_path, 1):
            pass
    assert caught.value.code == "worker-silent"


@pytest.mark.parametrize("how", [stand_in.ANNOUNCES, stand_in.BABBLES])
@pytest.mark.usefixtures("long_rest")
async def test_a_worker_that_sends_what_it_may_not_is_ended(
    tmp_path: Path, stand_in_is: Callable[[str], None], how: str
) -> None:
    stand_in_is(how)
    async with box_with(tmp_path, 1) as box:
        box.offer("one", "v=0")
        await until(lambda: box.restarts() == 1)
        assert box.workers.workers()[0].pid is None
        assert box.sent == [Refuse("one", "box-busy", "The box has lost this visit: try again")]


async def test_a_worker_gets_one_signature_for_each_offer_it_was_given(
    tmp_path: Path, stand_in_is: Callable[[str], None], offer_sdp: str
) -> None:
    signed: list[str] = []

    class Counting(Identity):
        def sign_answer(self, offer: BoxOffer, fingerprint: bytes) -> bytes:
            signed.append(offer.session)
            return super().sign_answer(offer, fingerprint)

    identity = load_or_create_identity(tmp_path / "identity.key")
    stand_in_is(stand_in.FORGES)
    async with box_with(
        tmp_path, 1, identity=Counting(identity._private, identity.public_key)
    ) as box:
        box.offer("another", offer_sdp)
        await until(lambda: BoxCandidate("another", "") in box.sent)
        signed.clear()
        box.offer("mine", offer_sdp)
        await until(lambda: BoxCandidate("mine", "") in box.sent)
    assert signed == ["mine"]


async def test_a_worker_that_does_not_end_is_killed(
    tmp_path: Path, stand_in_is: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2claw.agent.workers.workers.STOP_S", 0.1)
    monkeypatch.setattr("p2claw.agent.workers.process.END_S", 0.1)
    stand_in_is(stand_in.OUTLIVES)
    async with asyncio.timeout(60), box_with(tmp_path, 1):
        pass
