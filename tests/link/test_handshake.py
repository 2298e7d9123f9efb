"""The DTLS handshake: certificates that links share, and no SRTP."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest
from aiortc.rtcdtlstransport import SRTP_PROFILES
from OpenSSL import SSL

from p2claw.link import handshake
from p2claw.link.handshake import RENEW_S, LinkCertificate, SharedCertificate
from p2claw.link.ice.ice_connection import IceConnection
from tests.link.peers import DEADLINE_S, User, pair


async def test_links_that_share_a_certificate_open_beside_each_other() -> None:
    certificate = LinkCertificate.generateCertificate()
    async with pair(certificate=certificate) as one, pair(certificate=certificate) as other:
        assert one.box.fingerprint == other.box.fingerprint == certificate.sha256
        for peers in (one, other):
            await peers.join()
            to_box, to_visitor = await peers.channels()
            user = User()
            to_visitor.attach(user, low_water_bytes=65_536)
            to_box.attach(User(), low_water_bytes=65_536)
            to_box.send(peers.visitor.fingerprint)
            assert await user.read(32) == peers.visitor.fingerprint


def test_no_session_is_kept_for_another_link_to_go_on_with() -> None:
    context = LinkCertificate.generateCertificate()._create_ssl_context(SRTP_PROFILES)
    assert context.set_session_cache_mode(SSL.SESS_CACHE_OFF) == SSL.SESS_CACHE_OFF


def test_a_shared_certificate_is_renewed_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 1_000.0
    monkeypatch.setattr(handshake.time, "monotonic", lambda: now_s)
    shared = SharedCertificate()
    first = shared.current()
    now_s += RENEW_S - 1
    assert shared.current() is first
    now_s += 1
    assert shared.current().sha256 != first.sha256


async def test_a_link_opens_where_no_srtp_profile_is_in_common() -> None:
    async with pair() as peers:
        peers.box._dtls._srtp_profiles = SRTP_PROFILES[:1]
        peers.visitor._dtls._srtp_profiles = SRTP_PROFILES[1:]
        await peers.join()
        await peers.box.channel(timeout_s=DEADLINE_S)


class Line:
    """What goes out, and what comes in."""

    def __init__(self) -> None:
        self.sent: asyncio.Queue[bytes] = asyncio.Queue()
        self.coming: asyncio.Queue[bytes] = asyncio.Queue()
        self.rtt_s: float | None = None

    async def send(self, data: bytes) -> None:
        self.sent.put_nowait(data)

    async def recv(self) -> bytes:
        return await self.coming.get()

    async def next(self) -> bytes:
        return await asyncio.wait_for(self.sent.get(), DEADLINE_S)


async def test_a_flight_that_nobody_replies_to_is_sent_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(handshake, "RESEND_FIRST_S", 0.02)
    line = Line()
    datagrams = handshake._Datagrams(cast(IceConnection, line))
    for part in (b"one", b"two"):
        await datagrams._send(part)
    receiving = asyncio.create_task(datagrams._recv())
    try:
        assert [await line.next() for _ in range(6)] == [b"one", b"two"] * 3
    finally:
        receiving.cancel()


async def test_a_flight_that_got_its_reply_is_not_sent_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(handshake, "RESEND_FIRST_S", 0.02)
    line = Line()
    datagrams = handshake._Datagrams(cast(IceConnection, line))
    await datagrams._send(b"hello")
    line.coming.put_nowait(b"reply")
    assert await datagrams._recv() == b"reply"
    await datagrams._send(b"finished")
    receiving = asyncio.create_task(datagrams._recv())
    try:
        sent = [await line.next() for _ in range(4)]
        assert sent[0] == b"hello" and set(sent[1:]) == {b"finished"}
    finally:
        receiving.cancel()


@pytest.mark.parametrize(
    ("rtt_s", "first_s"),
    [(None, handshake.RESEND_FIRST_S), (0.001, handshake.RESEND_LEAST_S), (0.15, 0.3), (9, 1.0)],
)
def test_a_flight_waits_for_twice_the_round_trip_before_it_is_sent_again(
    rtt_s: float | None, first_s: float
) -> None:
    line = Line()
    line.rtt_s = rtt_s
    assert handshake._Datagrams(cast(IceConnection, line))._first_s() == first_s


async def test_the_last_flight_is_sent_again_a_few_times_until_the_link_is_open() -> None:
    """A visitor that has not got it repeats its records, which OpenSSL takes for a replay."""
    async with pair() as peers:
        flight = peers.box._dtls.last_flight
        flight.append(b"finished")
        got = [peers.box.flight_repeated() for _ in range(handshake.LAST_FLIGHTS + 1)]
        assert got == [[b"finished"]] * handshake.LAST_FLIGHTS + [[]]
        await peers.join()
        await peers.channels()
        assert peers.box._dtls.last_flight == []
