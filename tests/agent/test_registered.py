"""What a registered box and its coordinator send each other about visitors."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from p2claw.link.control import ControlState
from p2claw.wire.signalling import (
    Announce,
    BoxCandidate,
    BoxEnd,
    Dial,
    Knock,
    Knocked,
)
from p2claw.wire.signalling.dialling import Descriptor, Ticket
from p2claw.wire.signalling.signatures import DIAL, verify
from tests.agent.registering import (
    NOW_S,
    OFFER,
    TOKEN,
    Line,
    Recorder,
    registering,
)
from tests.support.upstreams import until


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


async def test_a_message_of_a_newer_coordinator_is_passed_over(tmp_path: Path) -> None:
    async def coordinator(line: Line) -> None:
        await line.register()
        await line.socket.send_bytes(b"\x81\xa1t\xa7weather")
        await line.send(OFFER)
        await line.hang()

    async with registering(tmp_path, coordinator) as box:
        await until(lambda: len(box.recorder.given) == 1)
        assert box.waits == []
