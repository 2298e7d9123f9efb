"""A timer whose deadline moves."""

from __future__ import annotations

import asyncio

import pytest

from p2claw.link.moving_timer import MovingTimer


class Alarm:
    """Counts how often its timer fires, and how often the loop was asked for one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.fired = 0
        self.asked = 0
        self.loop = asyncio.get_running_loop()
        call_at = self.loop.call_at
        self.timer = MovingTimer(self._on_fire)

        def counted(*arguments: object) -> asyncio.TimerHandle:
            self.asked += 1
            return call_at(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(self.timer, "_loop", _Loop(counted))

    def _on_fire(self) -> None:
        self.fired += 1


class _Loop:
    def __init__(self, call_at: object) -> None:
        self.call_at = call_at


async def test_it_fires_once_at_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    alarm = Alarm(monkeypatch)
    alarm.timer.set(alarm.loop.time() + 0.01)
    await asyncio.sleep(0.05)
    assert alarm.fired == 1


async def test_a_deadline_that_moves_away_costs_no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    alarm = Alarm(monkeypatch)
    now = alarm.loop.time()
    for later in range(100):
        alarm.timer.set(now + 10 + later)
    assert alarm.asked == 1
    alarm.timer.cancel()


async def test_a_deadline_that_comes_nearer_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    alarm = Alarm(monkeypatch)
    alarm.timer.set(alarm.loop.time() + 10)
    alarm.timer.set(alarm.loop.time() + 0.01)
    await asyncio.sleep(0.05)
    assert (alarm.fired, alarm.asked) == (1, 2)


async def test_it_can_be_set_again_after_it_fired(monkeypatch: pytest.MonkeyPatch) -> None:
    alarm = Alarm(monkeypatch)
    for _ in range(2):
        alarm.timer.set(alarm.loop.time() + 0.01)
        await asyncio.sleep(0.05)
    assert alarm.fired == 2


async def test_a_cancelled_one_does_not_fire(monkeypatch: pytest.MonkeyPatch) -> None:
    alarm = Alarm(monkeypatch)
    alarm.timer.set(alarm.loop.time() + 0.01)
    alarm.timer.cancel()
    await asyncio.sleep(0.05)
    assert alarm.fired == 0
