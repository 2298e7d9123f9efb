"""Plain aiortc has the outside of our peers: either can be on either side of a link."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import random
from typing import Any

import pytest

from bench.peers import stock_aiortc
from p2claw.link.box_peer import BoxPeer
from p2claw.link.peer import Peer
from p2claw.link.visitor_peer import VisitorPeer
from p2claw.wire.signalling.signatures import fingerprint_of
from tests.link.peers import DEADLINE_S, User, send_all

BODY = random.Random(5).randbytes(1_000_000)
VISITORS: dict[str, Any] = {"p2claw": VisitorPeer, "aiortc": stock_aiortc.VisitorPeer}
BOXES: dict[str, Any] = {"p2claw": BoxPeer, "aiortc": stock_aiortc.BoxPeer}


@pytest.mark.parametrize(("visitor", "box"), [("p2claw", "aiortc"), ("aiortc", "p2claw")])
async def test_a_megabyte_arrives_at_the_other_plane(visitor: str, box: str) -> None:
    offering, answering = VISITORS[visitor](), BOXES[box]()
    try:
        await offering.accept(await answering.answer(await offering.offer()))
        near = await answering.channel(timeout_s=DEADLINE_S)
        far = await offering.channel(timeout_s=DEADLINE_S)
        sending, receiving = User(), User()
        near.attach(sending, low_water_bytes=65_536)
        task = asyncio.create_task(send_all(near, sending, BODY))
        # What comes before there is a user is kept for it.
        await asyncio.sleep(0.05)
        far.attach(receiving, low_water_bytes=65_536)
        got = await receiving.read(len(BODY))
        await task
        assert hashlib.sha256(got).digest() == hashlib.sha256(BODY).digest()
        assert answering.stats().path == "direct"
    finally:
        await offering.close()
        await answering.close()


@pytest.mark.parametrize(
    ("ours", "stock"), [(BoxPeer, stock_aiortc.BoxPeer), (VisitorPeer, stock_aiortc.VisitorPeer)]
)
def test_a_stock_peer_is_made_as_ours_is(ours: type, stock: type) -> None:
    assert inspect.signature(stock).parameters.keys() == inspect.signature(ours).parameters.keys()


@pytest.mark.parametrize("stock", [stock_aiortc.BoxPeer, stock_aiortc.VisitorPeer])
def test_a_stock_peer_has_what_sessions_ask_a_peer_for(stock: type) -> None:
    asked = {"add_candidate", "channel", "check_path", "close", "far", "path"}
    assert asked | {"stats"} <= set(dir(stock))
    assert asked <= set(dir(Peer))


async def test_the_user_of_a_stock_channel_learns_that_the_link_is_gone() -> None:
    offering, answering = stock_aiortc.VisitorPeer(), stock_aiortc.BoxPeer()
    try:
        await offering.accept(await answering.answer(await offering.offer()))
        user = User()
        (await answering.channel(timeout_s=DEADLINE_S)).attach(user, low_water_bytes=65_536)
        await offering.channel(timeout_s=DEADLINE_S)
        await offering.close()
        await asyncio.wait_for(user.closed.wait(), DEADLINE_S)
    finally:
        await offering.close()
        await answering.close()


async def test_a_stock_peer_names_the_certificate_that_its_answer_has() -> None:
    offering, answering = stock_aiortc.VisitorPeer(), stock_aiortc.BoxPeer()
    try:
        answer = await answering.answer(await offering.offer())
        assert fingerprint_of(answer) == answering.fingerprint
    finally:
        await offering.close()
        await answering.close()
