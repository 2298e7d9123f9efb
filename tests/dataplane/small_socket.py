"""A receiver on a path of no length, who reads one packet after the other from a small socket."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from random import Random

from p2claw.dataplane.core._sctp import Association
from tests.support.sctp_pair import seed_bytes

# Of 1,468 bytes in `net.core.rmem_default`, 212,992 bytes, with what the kernel adds to each.
SOCKET_PACKETS = 92
PPID_BINARY = 53
MESSAGE = bytes(16_384)


@dataclass(frozen=True, slots=True)
class Served:
    """wakes: packets of each. lost: chunks of 1,000 that left."""

    wakes: list[int]
    lost_per_1000: float


class SmallSocket:
    """What was read of it, and when the next packet is."""

    def __init__(self, per_packet_s: float) -> None:
        random = Random(1)
        self.sender = Association(server=False, seed=seed_bytes(random))
        self._receiver = Association(
            server=True, seed=seed_bytes(random), receive_buffer_bytes=8_000_000
        )
        self._per_packet_s = per_packet_s
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._read_at = 0.0
        self._acknowledgements: deque[tuple[float, bytes]] = deque()
        self.sender.connect(0.0)
        self._receiver.connect(0.0)

    def serve(self, seconds: float, every_s: float, lump_s: float) -> Served:
        """Wake the sender so often, from the beginning; the figures are of the second half."""
        self.sender.set_least_lump(lump_s)
        wakes: list[int] = []
        half: dict[str, int] = {}
        for number in range(1, round(seconds / every_s)):
            now = number * every_s
            self._read(now)
            wakes.append(self._wake(now))
            if not half and now >= seconds / 2:
                half, wakes = self._counts(), []
        sent, lost = (self._counts()[name] - half[name] for name in ("sent", "lost"))
        return Served(wakes, 1000 * lost / sent)

    def _counts(self) -> dict[str, int]:
        stats = self.sender.stats()
        return {"sent": stats["chunks_out"], "lost": stats["lost_chunks"]}

    def _wake(self, now: float) -> int:
        while self._acknowledgements and self._acknowledgements[0][0] <= now:
            self.sender.receive(self._acknowledgements.popleft()[1], now)
        self.sender.handle_timeout(now)
        packets = 0
        for _ in range(4):
            while self.sender.waiting_bytes < 4 * len(MESSAGE):
                self.sender.send(0, PPID_BINARY, MESSAGE)
            for packet in self.sender.to_send(now):
                packets += 1
                if len(self._waiting) < SOCKET_PACKETS:
                    self._waiting.append((now, packet))
        return packets

    def _read(self, until: float) -> None:
        while self._waiting:
            done = max(self._read_at, self._waiting[0][0]) + self._per_packet_s
            if done > until:
                return
            self._read_at = done
            self._receiver.receive(self._waiting.popleft()[1], done)
            while self._receiver.next_event():
                pass
            self._acknowledgements.extend((done, one) for one in self._receiver.to_send(done))
