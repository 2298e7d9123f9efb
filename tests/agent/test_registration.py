"""How a box registers at its coordinator, and announces its apps."""

from __future__ import annotations

import asyncio
from pathlib import Path

from p2claw.agent.home.identity import load_or_create_identity
from p2claw.agent.registration import Registration
from p2claw.link.control import ControlState
from p2claw.wire.signalling import (
    Announce,
    Announced,
    Challenge,
    Register,
)
from p2claw.wire.signalling.signatures import REGISTER, register_payload, verify
from tests.agent.registering import (
    NONCE,
    NOW_S,
    Line,
    Recorder,
    registering,
)
from tests.support.upstreams import until


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
