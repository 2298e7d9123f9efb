"""A path between two ends on a fake clock: delay, rate, queue, loss, reordering, duplication,
corruption, a largest packet. Sans-IO and seeded: the same packets at the same times meet the same
fate. One direction is a `Path`; what happens at its ends is the caller's.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random


@dataclass(frozen=True, slots=True)
class PathSettings:
    """What one direction does to packets. Chances are from 0 to 1, for each packet.

    rate_bytes_per_s and queue_bytes: None for a link that is never busy. overhead_bytes: what
    IP, UDP and DTLS add to each packet on the link. mtu_bytes: larger packets vanish. drop: packets
    (by their number, from 0) that vanish whatever else is set.
    """

    delay_s: float = 0.0
    rate_bytes_per_s: float | None = None
    queue_bytes: int | None = None
    overhead_bytes: int = 0
    loss: float = 0.0
    reorder: float = 0.0
    reorder_s: float = 0.01
    duplicate: float = 0.0
    corrupt: float = 0.0
    mtu_bytes: int | None = None
    drop: frozenset[int] = frozenset()


@dataclass(slots=True)
class Counts:
    """What became of the packets of one direction."""

    sent: int = 0
    delivered: int = 0
    delivered_bytes: int = 0
    lost: int = 0
    queue_full: int = 0
    too_large: int = 0
    duplicated: int = 0
    corrupted: int = 0
    reordered: int = 0


@dataclass(slots=True)
class Path:
    """One direction. `send` takes a packet, `arrived` gives back what came out by then.

    A path may be shared: whoever sends names whom the packet is for, in `to`.
    """

    settings: PathSettings
    random: Random
    counts: Counts = field(default_factory=Counts)
    judge: Callable[[bytes], bool] | None = None  # True: the packet vanishes
    rewrite: Callable[[bytes], bytes] | None = None  # what another sender would have sent
    _heap: list[tuple[float, int, int, bytes]] = field(default_factory=list)
    _number: int = 0
    _free_at: float = 0.0  # when the link has sent all that it was given
    _still_until: float = 0.0

    def change(self, **settings: object) -> None:
        """Another path from now on, as after a move to another network."""
        self.settings = replace(self.settings, **settings)  # type: ignore[arg-type]

    def send(self, packet: bytes, now: float, to: int = 0) -> None:
        s, r, c = self.settings, self.random, self.counts
        if self.rewrite:
            packet = self.rewrite(packet)
        number = c.sent
        c.sent += 1
        if s.mtu_bytes is not None and len(packet) > s.mtu_bytes:
            c.too_large += 1
            return
        leaves = now
        if s.rate_bytes_per_s is not None:
            begins = max(now, self._free_at)
            size = len(packet) + s.overhead_bytes
            waiting = (begins - now) * s.rate_bytes_per_s
            if s.queue_bytes is not None and waiting + size > s.queue_bytes:
                c.queue_full += 1
                return
            leaves = self._free_at = begins + size / s.rate_bytes_per_s
        if (
            number in s.drop
            or (self.judge and self.judge(packet))
            or (s.loss and r.random() < s.loss)
        ):
            c.lost += 1
            return
        if s.corrupt and r.random() < s.corrupt:
            c.corrupted += 1
            spoiled = bytearray(packet)
            spoiled[r.randrange(len(spoiled))] ^= 1 << r.randrange(8)
            packet = bytes(spoiled)
        arrives = leaves + s.delay_s
        if s.reorder and r.random() < s.reorder:
            c.reordered += 1
            arrives += r.random() * s.reorder_s
        self._push(arrives, to, packet)
        if s.duplicate and r.random() < s.duplicate:
            c.duplicated += 1
            self._push(arrives + r.random() * s.reorder_s, to, packet)

    def _push(self, arrives: float, to: int, packet: bytes) -> None:
        arrives = max(arrives, self._still_until)
        heapq.heappush(self._heap, (arrives, self._number, to, packet))
        self._number += 1

    def stall(self, now: float, seconds: float) -> None:
        """Nothing arrives for so long, then all at once and in order, as from a sleeping radio."""
        self._still_until = now + seconds
        self._heap = [(max(at, now + seconds), n, to, p) for at, n, to, p in self._heap]
        heapq.heapify(self._heap)

    def wait_s(self, now: float) -> float:
        """Seconds that a packet would wait which is sent now."""
        return max(0.0, self._free_at - now)

    def next_arrival(self) -> float | None:
        return self._heap[0][0] if self._heap else None

    def arrived(self, now: float) -> list[tuple[int, bytes]]:
        out = []
        while self._heap and self._heap[0][0] <= now:
            _, _, to, packet = heapq.heappop(self._heap)
            self.counts.delivered += 1
            self.counts.delivered_bytes += len(packet)
            out.append((to, packet))
        return out
