"""A coordinator that refuses a box, or sends nonsense: what is reported, and when to try again."""

from __future__ import annotations

from pathlib import Path

import pytest

from p2claw.wire.signalling import (
    AgentError,
    Challenge,
    Registered,
    encode_agent,
)
from tests.agent.registering import (
    NONCE,
    NOW_S,
    Line,
    last_error,
    registering,
)
from tests.support.upstreams import until


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
    monkeypatch.setattr("p2claw.agent.registering.REGISTER_TIMEOUT_S", 0.05)

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
    monkeypatch.setattr("p2claw.agent.registering.is_clock_kept", lambda: kept)
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
