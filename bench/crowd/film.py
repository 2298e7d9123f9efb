"""A film as a player fetches it: a range at a time, ahead of what is shown, up to a full buffer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

# 8 Mbit/s, as a good film of 1080 lines has.
BYTES_PER_S = 1_000_000
BUFFER_S = 20.0
RANGE_BYTES = 2_000_000
# So much must be there before it is shown, at first and after it has stood still.
LEAST_S = 1.0

# Gives the pieces of one range of the film: first byte, number of bytes.
Fetch = Callable[[int, int], AsyncIterator[bytes]]


@dataclass(slots=True)
class Screen:
    """What the person sees. Times in seconds, of one clock."""

    now_s: float
    have_s: float = 0.0
    shown_s: float = 0.0
    is_shown: bool = False
    stalls: int = 0

    def advance(self, now_s: float) -> None:
        """Show what is there until now."""
        if self.is_shown:
            self.shown_s += now_s - self.now_s
            if self.shown_s > self.have_s:
                self.shown_s, self.is_shown = self.have_s, False
                self.stalls += 1
        self.now_s = now_s

    def add(self, count: int, now_s: float) -> None:
        """So many more bytes have come."""
        self.advance(now_s)
        self.have_s += count / BYTES_PER_S
        self.is_shown = self.is_shown or self.have_s - self.shown_s >= LEAST_S

    @property
    def until_room_s(self) -> float:
        """How long until the next range fits into the buffer."""
        return self.have_s - self.shown_s + RANGE_BYTES / BYTES_PER_S - BUFFER_S


@dataclass(frozen=True, slots=True)
class Watched:
    """got_bytes in all; first_s: until the first of them; stalls: how often it stood still."""

    got_bytes: int
    first_s: float
    stalls: int


async def watch(fetch: Fetch, seconds: float) -> Watched:
    """Watch a film from its beginning for so long."""
    began_s = time.monotonic()
    screen, got_bytes, first_s = Screen(began_s), 0, seconds
    while (left_s := began_s + seconds - time.monotonic()) > 0:
        if screen.until_room_s > 0:
            await asyncio.sleep(min(screen.until_room_s, left_s))
            screen.advance(time.monotonic())
            continue
        async for piece in fetch(got_bytes, RANGE_BYTES):
            now_s = time.monotonic()
            first_s = min(first_s, now_s - began_s)
            screen.add(len(piece), now_s)
            got_bytes += len(piece)
    screen.advance(time.monotonic())
    return Watched(got_bytes, first_s, screen.stalls)
