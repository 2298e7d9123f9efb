"""Who gets a link, what the answer is signed over, when a link that does not open is given up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from p2claw.agent.home.identity import Identity, load_or_create_identity
from p2claw.agent.home.public_names import PublicNames
from p2claw.agent.home.routes import Route
from p2claw.agent.upstream.address import UpstreamAddress
from p2claw.agent.visitors.in_process import InProcess
from p2claw.config import AgentLimits
from p2claw.wire.signalling import (
    AgentMessage,
    BoxAnswer,
    BoxCandidate,
    BoxEnd,
    BoxOffer,
    Refuse,
)
from p2claw.wire.signalling.signatures import ANSWER, answer_payload, fingerprint_of, verify
from tests.support.upstreams import until

NAMES = PublicNames("http://{label}.localhost:8787", "purplecrab", "a" * 26)


@dataclass
class Box:
    visitors: InProcess
    identity: Identity
    sent: list[AgentMessage] = field(default_factory=list)

    def offer(self, session: str, sdp: str, *, app: str | None = "dog", visitor: str = "") -> None:
        self.visitors.offer(BoxOffer(session, app, sdp, (), visitor), NAMES, self.sent.append)

    def of_kind(self, kind: type[AgentMessage]) -> list[AgentMessage]:
        return [message for message in self.sent if isinstance(message, kind)]


@asynccontextmanager
async def box_with(tmp_path: Path, limits: AgentLimits | None = None) -> AsyncIterator[Box]:
    identity = load_or_create_identity(tmp_path / "identity.key")

    async def sign(offer: BoxOffer, fingerprint: bytes) -> bytes:
        return identity.sign_answer(offer, fingerprint)

    visitors = InProcess(sign, limits or AgentLimits(), tmp_path, noticed=print)
    visitors.apply({"dog": Route("dog", UpstreamAddress("localhost", 9))})
    try:
        yield Box(visitors, identity)
    finally:
        await visitors.close()


def refusal(box: Box) -> tuple[str, str]:
    (message,) = box.sent
    assert isinstance(message, Refuse)
    return message.session, message.code


@pytest.mark.parametrize("app", ["cat", None])
async def test_an_app_that_is_not_exposed_is_refused(
    tmp_path: Path, offer_sdp: str, app: str | None
) -> None:
    async with box_with(tmp_path) as box:
        box.offer("one", offer_sdp, app=app)
        assert refusal(box) == ("one", "app-unknown")


async def test_an_answer_is_signed_over_session_offer_and_certificate(
    tmp_path: Path, offer_sdp: str
) -> None:
    async with box_with(tmp_path) as box:
        box.offer("one", offer_sdp)
        await until(lambda: bool(box.of_kind(BoxAnswer)))
        (answer,) = box.of_kind(BoxAnswer)
        assert isinstance(answer, BoxAnswer)
        payload = answer_payload("one", offer_sdp, fingerprint_of(answer.sdp))
        assert answer.session == "one"
        assert verify(box.identity.public_key, ANSWER, payload, answer.signature)


async def test_the_end_of_the_candidates_is_sent(tmp_path: Path, offer_sdp: str) -> None:
    async with box_with(tmp_path) as box:
        box.offer("one", offer_sdp)
        await until(lambda: BoxCandidate("one", "", "0") in box.sent)


@pytest.mark.parametrize("sdp", ["", "nonsense", "v=0\r\n"])
async def test_an_offer_that_is_none_is_refused_and_occupies_no_room(
    tmp_path: Path, sdp: str
) -> None:
    async with box_with(tmp_path) as box:
        box.offer("one", sdp)
        await until(lambda: bool(box.sent))
        assert refusal(box) == ("one", "protocol")
        await until(lambda: len(box.visitors) == 0)


async def test_a_session_is_offered_once(tmp_path: Path, offer_sdp: str) -> None:
    async with box_with(tmp_path) as box:
        box.offer("one", offer_sdp)
        box.offer("one", offer_sdp)
        assert refusal(box) == ("one", "protocol")
        assert len(box.visitors) == 1


async def test_a_link_above_the_limit_is_refused(tmp_path: Path, offer_sdp: str) -> None:
    async with box_with(tmp_path, AgentLimits(links=1)) as box:
        box.offer("one", offer_sdp, visitor="203.0.113.0/24")
        box.offer("two", offer_sdp, visitor="198.51.100.0/24")
        assert refusal(box) == ("two", "box-busy")


async def test_a_network_above_its_share_is_refused_and_others_are_not(
    tmp_path: Path, offer_sdp: str
) -> None:
    async with box_with(tmp_path, AgentLimits(links=3)) as box:
        box.offer("one", offer_sdp, visitor="203.0.113.0/24")
        box.offer("two", offer_sdp, visitor="203.0.113.0/24")
        box.offer("three", offer_sdp, visitor="203.0.113.0/24")
        box.offer("four", offer_sdp, visitor="198.51.100.0/24")
        assert refusal(box) == ("three", "box-busy")
        assert len(box.visitors) == 3


async def test_a_link_that_does_not_open_in_ten_seconds_loses_its_place_to_a_newcomer(
    tmp_path: Path, offer_sdp: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2claw.agent.visitors.vigil.OPENING_S", 0.05)
    monkeypatch.setattr("p2claw.agent.visitors.in_process.LOOK_S", 0.02)
    async with box_with(tmp_path, AgentLimits(links=1)) as box:
        await box.visitors.start()
        box.offer("one", offer_sdp)
        await until(lambda: bool(box.of_kind(BoxAnswer)))
        await until(lambda: bool(box.visitors._admission._gone))
        box.offer("two", offer_sdp)
        assert box.of_kind(Refuse) == []
        await until(lambda: len(box.visitors) == 1)


async def test_a_link_that_does_not_open_is_given_up(tmp_path: Path, offer_sdp: str) -> None:
    async with box_with(tmp_path, AgentLimits(link_open_s=0.05)) as box:
        box.offer("one", offer_sdp)
        await until(lambda: BoxEnd("one") in box.sent)
        await until(lambda: len(box.visitors) == 0)


async def test_a_visitor_that_left_is_not_waited_for_as_long(
    tmp_path: Path, offer_sdp: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2claw.agent.visitors.box_link.AFTER_END_S", 0.05)
    async with box_with(tmp_path, AgentLimits(link_open_s=1000)) as box:
        box.offer("one", offer_sdp)
        await until(lambda: bool(box.of_kind(BoxAnswer)))
        box.visitors.end("one")
        await until(lambda: len(box.visitors) == 0)


async def test_a_box_that_drains_admits_no_new_visitors(tmp_path: Path, offer_sdp: str) -> None:
    async with box_with(tmp_path) as box:
        await box.visitors.drain(0.1)
        box.offer("one", offer_sdp)
        assert refusal(box) == ("one", "box-busy")


async def test_closing_gives_up_links_that_are_not_open(tmp_path: Path, offer_sdp: str) -> None:
    async with box_with(tmp_path) as box:
        box.offer("one", offer_sdp)
        await box.visitors.close()
        assert len(box.visitors) == 0


async def test_words_about_a_session_that_is_over_are_passed_over(tmp_path: Path) -> None:
    async with box_with(tmp_path) as box:
        box.visitors.candidate("gone", "candidate:1 1 udp 1 203.0.113.9 9 typ host", "0")
        box.visitors.end("gone")
        assert box.sent == []


async def test_a_candidate_that_cannot_be_read_does_no_harm(tmp_path: Path, offer_sdp: str) -> None:
    async with box_with(tmp_path) as box:
        box.offer("one", offer_sdp)
        box.visitors.candidate("one", "candidate:nonsense", "0")
        await until(lambda: bool(box.of_kind(BoxAnswer)))
