"""Consent: a path that nobody answers on is noticed, a slow one is kept."""

from __future__ import annotations

import asyncio

import pytest
from aioice import stun
from aioice.ice import CandidatePair

from p2claw.link.ice import consent
from p2claw.link.ice.connection import COMPONENT
from tests.link.ice.test_connection import DEADLINE_S, Scene, _candidate, scene


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consent, "INTERVAL_S", 0.001)
    monkeypatch.setattr(stun, "RETRY_RTO", 0.02)


def _select(it: Scene) -> None:
    """Take the path to the played peer as the selected one."""
    (local,) = it.connection.sockets
    it.connection._nominated[COMPONENT] = CandidatePair(local, _candidate(it.played.address))


def test_a_dead_path_is_noticed_within_fifteen_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert 1.2 * consent.INTERVAL_S + consent.EXPIRY_S <= 15


async def test_silence_ends_consent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consent, "EXPIRY_S", 0.05)
    async with scene() as it:
        _select(it)
        await asyncio.wait_for(consent.keep_consent(it.connection, lambda rtt_s: None), DEADLINE_S)


async def test_a_path_that_answers_late_is_kept() -> None:
    async with scene() as it:
        _select(it)
        rtts: list[float] = []
        keeping = asyncio.create_task(consent.keep_consent(it.connection, rtts.append))
        for _ in range(3):
            first = await it.played.request()
            # The first question is lost; the answer to its repetition counts, and measures nothing.
            again = await it.played.request()
            assert again.transaction_id == first.transaction_id
            it.answer(again)
        assert not keeping.done()
        assert rtts == []
        keeping.cancel()


async def test_an_answer_measures_the_round_trip() -> None:
    async with scene() as it:
        _select(it)
        measured: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        keeping = asyncio.create_task(consent.keep_consent(it.connection, measured.set_result))
        it.answer(await it.played.request())
        assert 0 <= await asyncio.wait_for(measured, DEADLINE_S) < stun.RETRY_RTO
        keeping.cancel()
