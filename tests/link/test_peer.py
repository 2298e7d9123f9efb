"""Two peers open a real link on this machine: ICE, DTLS, SCTP, and what comes in between."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import random
import socket

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from p2claw.errors import LinkError, RemoteProtocolError
from p2claw.link.box_peer import BoxPeer
from p2claw.link.visitor_peer import VisitorPeer
from p2claw.wire.signalling import IceServer
from p2claw.wire.signalling.signatures import fingerprint_of
from tests.link.peers import DEADLINE_S, User, pair, send_all, without_candidates

BODY = random.Random(3).randbytes(20_000_000)


@pytest.mark.parametrize("sender", ["box", "visitor"])
async def test_twenty_megabytes_arrive_unchanged(sender: str) -> None:
    async with pair() as peers:
        await peers.join()
        to_visitor, to_box = (await peers.channels())[::-1]
        at_visitor, at_box = User(), User()
        to_box.attach(at_visitor, low_water_bytes=65_536)
        to_visitor.attach(at_box, low_water_bytes=65_536)
        channel, user, far = (
            (to_visitor, at_box, at_visitor) if sender == "box" else (to_box, at_visitor, at_box)
        )
        sending = asyncio.create_task(send_all(channel, user, BODY))
        got = await far.read(len(BODY))
        await sending
        assert hashlib.sha256(got).digest() == hashlib.sha256(BODY).digest()


async def test_a_description_names_the_certificate_of_its_link() -> None:
    async with pair() as peers:
        offer = await peers.visitor.offer()
        answer = await peers.box.answer(offer)
        assert fingerprint_of(offer) == peers.visitor.fingerprint
        assert fingerprint_of(answer) == peers.box.fingerprint


async def test_each_link_has_a_certificate_of_its_own() -> None:
    async with pair() as one, pair() as other:
        assert len({p.fingerprint for p in (one.box, one.visitor, other.box, other.visitor)}) == 4


async def test_a_link_opens_although_the_other_side_names_no_address() -> None:
    async with pair() as peers:
        answer = await peers.box.answer(without_candidates(await peers.visitor.offer()))
        peers.box.add_candidate("", "0")
        await peers.visitor.accept(answer)
        await peers.channels()
        assert peers.box.path() == "direct"


async def test_addresses_may_come_one_by_one_and_late() -> None:
    async with pair(change=without_candidates) as peers:
        offer = await peers.visitor.offer()
        answer = await peers.box.answer(without_candidates(offer))
        await peers.visitor.accept(without_candidates(answer))
        await asyncio.sleep(0.1)
        for line in answer.splitlines():
            if line.startswith("a=candidate:"):
                peers.visitor.add_candidate(line[2:], "0")
        await peers.channels()


async def test_a_silent_stun_server_delays_nothing() -> None:
    ended = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.settimeout(DEADLINE_S)
        url = f"stun:127.0.0.1:{silent.getsockname()[1]}"
        async with pair(ice_servers=(IceServer((url, url)),)) as peers:
            peers.box.on_candidate = lambda candidate, mid: ended.append(candidate)
            await peers.join()
            await peers.channels()
            assert ended == []
            # It was asked, and has still not responded.
            assert silent.recv(2048)


async def test_a_local_name_that_nobody_resolves_delays_nothing() -> None:
    name = "1b671a64-40d5-491e-99b0-da01ff1f3341.local"

    def hidden(sdp: str) -> str:
        line = f"a=candidate:1 1 udp 2113937151 {name} 50000 typ host\r\n"
        return without_candidates(sdp) + line

    async with pair() as peers:
        answer = await peers.box.answer(hidden(await peers.visitor.offer()))
        await peers.visitor.accept(answer)
        await peers.channels()


@pytest.mark.parametrize(("offered", "answered"), [("active", "passive"), ("passive", "active")])
async def test_the_answer_takes_the_other_role_of_the_handshake(
    offered: str, answered: str
) -> None:
    async with pair() as peers:
        offer = (await peers.visitor.offer()).replace("setup:actpass", f"setup:{offered}")
        answer = await peers.box.answer(offer)
        assert f"a=setup:{answered}\r\n" in answer
        await peers.visitor.accept(answer)
        await peers.channels()


async def test_another_certificate_than_the_described_opens_nothing() -> None:
    async with pair() as peers:
        answer = await peers.box.answer(await peers.visitor.offer())
        described = peers.box.fingerprint.hex(":").upper()
        await peers.visitor.accept(answer.replace(described, bytes(32).hex(":")))
        with pytest.raises(LinkError) as caught:
            await peers.visitor.channel(timeout_s=DEADLINE_S)
        assert caught.value.code == "handshake-failed"


async def test_a_link_that_does_not_open_shows_what_it_waits_for() -> None:
    async with pair() as peers:
        await peers.box.answer(without_candidates(await peers.visitor.offer()))
        with pytest.raises(LinkError, match="a path between the two networks") as caught:
            await peers.box.channel(timeout_s=0.01)
        assert caught.value.code == "link-timeout"


@pytest.mark.parametrize("setup", ["actpass", "holdconn"])
async def test_an_answer_without_a_role_is_refused(setup: str) -> None:
    async with pair() as peers:
        answer = await peers.box.answer(await peers.visitor.offer())
        with pytest.raises(RemoteProtocolError):
            await peers.visitor.accept(answer.replace("setup:passive", f"setup:{setup}"))


async def test_closing_one_side_closes_the_other() -> None:
    async with pair() as peers:
        await peers.join()
        at_visitor = User()
        (await peers.channels())[0].attach(at_visitor, low_water_bytes=0)
        await peers.box.close()
        await asyncio.wait_for(at_visitor.closed.wait(), DEADLINE_S)


async def test_a_path_that_dies_silently_closes_the_link() -> None:
    async with pair() as peers:
        await peers.join()
        at_visitor = User()
        (await peers.channels())[0].attach(at_visitor, low_water_bytes=0)
        pair_, link = peers.visitor._connection.selected, peers.visitor._link
        assert pair_ is not None and link is not None
        host = pair_.local_candidate.host
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as silent:
            silent.bind((host, 0))
            link.route(host, host, silent.getsockname()[1])
            await asyncio.wait_for(at_visitor.closed.wait(), DEADLINE_S)


async def test_stats_count_what_went_through() -> None:
    async with pair() as peers:
        await peers.join()
        to_visitor = (await peers.channels())[1]
        at_visitor = User()
        (await peers.channels())[0].attach(at_visitor, low_water_bytes=0)
        to_visitor.send(bytes(10_000))
        await at_visitor.read(10_000)
        out, into = peers.box.stats().plane, peers.visitor.stats().plane
        assert out is not None and into is not None
        assert out["bytes_out"] > 10_000
        assert into["bytes_in"] > 10_000
        assert peers.visitor.stats().path == "direct"


async def test_an_idle_peer_of_nobody_is_closed_without_a_trace() -> None:
    before = asyncio.all_tasks()
    visitor, box = VisitorPeer(), BoxPeer()
    await box.answer(await visitor.offer())
    await box.close()
    await visitor.close()
    assert asyncio.all_tasks() == before


async def test_a_link_leaves_nothing_behind() -> None:
    before = asyncio.all_tasks()
    async with pair() as peers:
        await peers.join()
        await peers.channels()
    gc.collect()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def test_a_stock_peer_connection_is_a_visitor_too() -> None:
    stock = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    channel = stock.createDataChannel("p2claw", negotiated=True, id=0)
    opened = asyncio.Event()
    channel.on("open", opened.set)
    box = BoxPeer()
    try:
        await stock.setLocalDescription(await stock.createOffer())
        answer = await box.answer(stock.localDescription.sdp)
        await stock.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        user = User()
        (await box.channel(timeout_s=DEADLINE_S)).attach(user, low_water_bytes=0)
        await asyncio.wait_for(opened.wait(), DEADLINE_S)
        channel.send(b"hello")
        assert await user.read(5) == b"hello"
    finally:
        await box.close()
        await stock.close()
