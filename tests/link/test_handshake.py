"""The DTLS handshake: whom it lets in, what it survives, and that no SRTP is needed."""

from __future__ import annotations

import asyncio
import random
from typing import cast

import pytest
from OpenSSL import SSL

from p2claw.errors import LinkError
from p2claw.link import handshake
from p2claw.link.certificate import LinkCertificate
from p2claw.link.handshake import Handshake
from p2claw.link.ice.ice_connection import IceConnection
from tests.link.peers import DEADLINE_S, pair

CHANGE_CIPHER_SPEC = 20


class End:
    """One end of a line in memory. lost: how many of its next datagrams do not arrive."""

    def __init__(self) -> None:
        self.coming: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.other: End
        self.lost = 0
        self.rtt_s = 0.0

    async def send(self, data: bytes) -> None:
        self.lost -= 1
        if self.lost < 0:
            self.other.coming.put_nowait(data)

    async def recv(self) -> bytes:
        received = await self.coming.get()
        if received is None:
            raise ConnectionError
        return received


class Sides:
    """A client and a server on one line. names: the fingerprint that each expects."""

    def __init__(self) -> None:
        self.ends = End(), End()
        self.ends[0].other, self.ends[1].other = self.ends[1], self.ends[0]
        self.certificates = LinkCertificate.new(), LinkCertificate.new()
        self.names = [self.certificates[1].sha256, self.certificates[0].sha256]
        self.client, self.server = (
            Handshake(cast(IceConnection, end), certificate)
            for end, certificate in zip(self.ends, self.certificates, strict=True)
        )

    async def shake(self) -> tuple[bool, bool]:
        async with asyncio.timeout(DEADLINE_S):
            client, server = await asyncio.gather(
                self.client.run(self.names[0], server=False),
                self.server.run(self.names[1], server=True),
            )
        return client, server


async def test_both_sides_prove_the_key_that_was_named() -> None:
    sides = Sides()
    assert await sides.shake() == (True, True)
    (ours, _), (theirs, _) = sides.client.hand_over(), sides.server.hand_over()
    assert theirs.open(ours.seal(b"hello")) == [b"hello"]


@pytest.mark.parametrize("side", [0, 1])
async def test_another_key_than_the_one_named_is_refused(side: int) -> None:
    sides = Sides()
    sides.names[side] = LinkCertificate.new().sha256
    assert (await sides.shake())[side] is False


async def test_no_datagram_of_the_handshake_is_longer_than_1200_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The path may carry no more, and nobody learns of it. A flight leaves in one datagram."""
    sizes: list[int] = []
    send = End.send

    async def note(self: End, data: bytes) -> None:
        sizes.append(len(data))
        await send(self, data)

    monkeypatch.setattr(End, "send", note)
    assert await Sides().shake() == (True, True)
    assert 500 < max(sizes) <= 1200  # a certificate was among them


async def test_a_side_that_has_no_certificate_is_refused() -> None:
    sides = Sides()
    bare = SSL.Context(SSL.DTLS_METHOD)
    sides.certificates[0]._context = bare
    assert await sides.shake() == (False, False)


@pytest.mark.parametrize("lost", [1, 2])
@pytest.mark.parametrize("side", [0, 1])
async def test_a_lost_flight_is_sent_again(side: int, lost: int) -> None:
    sides = Sides()
    sides.ends[side].lost = lost
    assert await sides.shake() == (True, True)


async def test_what_is_no_record_changes_nothing() -> None:
    sides = Sides()
    noise = [b"", b"\0", b"\x80" * 40, bytes(range(256)), b"\x16", b"\x16\xfe\xfd" + bytes(40)]
    noise += [b"\x17\xfe\xfd" + random.Random(7).randbytes(60), b"\x15\xfe\xfd" + bytes(20)]
    for end in sides.ends:
        for datagram in noise:
            end.coming.put_nowait(datagram)
    assert await sides.shake() == (True, True)


async def test_a_connection_that_is_lost_ends_the_handshake() -> None:
    sides = Sides()
    sides.ends[0].coming.put_nowait(None)
    async with asyncio.timeout(DEADLINE_S):
        assert await sides.client.run(sides.names[0], server=False) is False
    await sides.client.stop()


async def test_a_handshake_that_was_given_up_can_be_stopped() -> None:
    sides = Sides()
    running = asyncio.create_task(sides.client.run(sides.names[0], server=False))
    await asyncio.wait_for(sides.ends[1].coming.get(), DEADLINE_S)  # its hello
    running.cancel()
    await asyncio.wait([running])
    await sides.client.stop()
    await Handshake(cast(IceConnection, End()), LinkCertificate.new()).stop()


async def test_packets_that_come_within_the_last_flight_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A server is done first, and its first packets overtake nothing: they come with its end."""
    sides = Sides()
    client = asyncio.create_task(sides.client.run(sides.names[0], server=False))
    last: list[bytes] = []
    send = sides.ends[1].send

    async def keep_the_last(datagram: bytes) -> None:
        if datagram[0] == CHANGE_CIPHER_SPEC:
            last.append(datagram)
        else:
            await send(datagram)

    monkeypatch.setattr(sides.ends[1], "send", keep_the_last)
    async with asyncio.timeout(DEADLINE_S):
        assert await sides.server.run(sides.names[1], server=True)
        far, _ = sides.server.hand_over()
        await send(far.seal(b"too soon"))
        await send(last[0] + far.seal(b"first"))
        assert await client
    records, early = sides.client.hand_over()
    assert [records.open(datagram) for datagram in early] == [[b"too soon"], [b"first"]]
    assert [records.open(datagram) for datagram in early] == [[], []]


@pytest.mark.parametrize("side", [0, 1])
async def test_goodbye_is_said_with_the_keys_that_were_handed_over(side: int) -> None:
    sides = Sides()
    assert await sides.shake() == (True, True)
    shakes = sides.client, sides.server
    (ours, _), (theirs, _) = (one.hand_over() for one in (shakes[side], shakes[1 - side]))
    await shakes[side].stop()
    with pytest.raises(LinkError, match="closed"):
        theirs.open(await sides.ends[1 - side].recv())
    with pytest.raises(LinkError) as caught:
        ours.seal(b"too late")
    assert caught.value.code == "record-failed"
    await shakes[side].stop()
    assert sides.ends[1 - side].coming.empty()


async def test_a_link_opens_where_no_srtp_profile_is_in_common() -> None:
    async with pair() as peers:
        for peer, profile in (
            (peers.box, b"SRTP_AEAD_AES_256_GCM"),
            (peers.visitor, b"SRTP_AES128_CM_SHA1_80"),
        ):
            peer._dtls._certificate.context.set_tlsext_use_srtp(profile)
        await peers.join()
        await peers.box.channel(timeout_s=DEADLINE_S)


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
