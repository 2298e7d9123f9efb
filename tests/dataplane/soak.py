"""Seeded transfers over bad paths: `python -m tests.dataplane.soak --seeds 2000`.

A seed makes a path (loss, reordering, duplication, corruption, lost handshakes, black holes, closed
windows, retransmissions lost again) and a set of messages both ways. A run fails where a message
is lost, doubled, out of order or changed, or where it takes longer than its bound. The same seed
gives the same run; a failing one is printed and becomes a test.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from p2claw.dataplane.core._sctp import (
    BASE_PACKET_BYTES,
    AssociationClosed,
    Event,
    MessageReceived,
)
from tests.support.link_emulator import PathSettings
from tests.support.sctp_pair import Pair

LIMIT_S = 900.0  # of emulated time: ten timeouts in a row are 70 s
PPID_BINARY = 53


def random_path(random: Random, zero_checksum: bool) -> PathSettings:
    """One direction."""

    def sometimes(chance: float, value: float) -> float:
        return value if random.random() < chance else 0.0

    rate = random.choice([None, 60e3, 250e3, 1.25e6, 12.5e6])
    return PathSettings(
        delay_s=random.choice([0.0001, 0.005, 0.025, 0.1]),
        rate_bytes_per_s=rate,
        queue_bytes=None if rate is None else random.choice([8_000, 30_000, 200_000]),
        overhead_bytes=65,
        loss=sometimes(0.7, random.uniform(0, 0.1)),
        reorder=sometimes(0.5, random.uniform(0, 0.3)),
        reorder_s=random.choice([0.001, 0.02, 0.2]),
        duplicate=sometimes(0.4, random.uniform(0, 0.1)),
        # Over DTLS a spoiled packet is a lost one, and SCTP may leave its checksum out.
        corrupt=0.0 if zero_checksum else sometimes(0.4, random.uniform(0, 0.05)),
        mtu_bytes=random.choice([None, BASE_PACKET_BYTES, 1300, 1411]),
        # Four of each direction at most: an INIT is sent nine times (RFC 9260 §16).
        drop=frozenset(n for n in range(8) if random.random() < random.choice([0, 0, 0.3, 0.6]))
        & {0, 1, 2, 3},
    )


def again_lost(random: Random) -> Callable[[bytes], bool]:
    """Loses a DATA packet now and then, and what begins with the same TSN a few times more."""
    left: dict[bytes, int] = {}

    def judge(packet: bytes) -> bool:
        if len(packet) < 28 or packet[12] != 0:
            return False
        tsn = packet[16:20]
        if tsn not in left and random.random() < 0.02:
            left[tsn] = random.randrange(1, 5)
        if left.get(tsn, 0) > 0:
            left[tsn] -= 1
            return True
        return False

    return judge


@dataclass
class Flow:
    """What goes over one channel in one direction."""

    messages: list[bytes]
    ordered: bool
    reliable: bool
    got: list[bytes] = field(default_factory=list)

    def is_done(self) -> bool:
        return not self.reliable or len(self.got) >= len(self.messages)

    def fault(self) -> str:
        if self.reliable and self.ordered:
            sent, got = (hashlib.sha256(b"".join(x)).hexdigest() for x in (self.messages, self.got))
            return "" if sent == got and len(self.got) == len(self.messages) else "not the same"
        if self.reliable:
            return "" if sorted(self.got) == sorted(self.messages) else "not the same set"
        if any(m not in self.messages for m in self.got):
            return "what was never sent"
        if self.ordered:
            places = iter(self.messages)
            if not all(any(m == p for p in places) for m in self.got):
                return "out of order"
        return ""


def random_messages(random: Random, total: int) -> list[bytes]:
    messages: list[bytes] = []
    while total > 0:
        top = random.choice([1, 20, 1128, 1129, 5000, 16384, 65536])
        size = random.choice([top, random.randrange(top + 1)])
        messages.append(len(messages).to_bytes(4, "big") + random.randbytes(size))
        if random.random() < 0.05:
            messages[-1] = b""
        total -= size + 50
    return messages


class Run:
    """One seed."""

    def __init__(self, seed: int) -> None:
        self.random = random = Random(seed)
        zero_checksum = random.random() < 0.3
        buffer = random.choice([20_000, 100_000, 1_000_000])

        def side() -> dict[str, object]:
            return {
                "controller": random.choice(["bbr", "cubic"]),
                "receive_buffer_bytes": max(buffer, 20_000),
                "zero_checksum": zero_checksum,
            }

        self.pair = Pair(
            random_path(random, zero_checksum),
            random_path(random, zero_checksum),
            seed=seed,
            left=side(),
            right=side(),
        )
        if random.random() < 0.4:
            for path in self.pair.paths:
                path.judge = again_lost(Random(seed + 1))
        self.flows: dict[tuple[int, int], Flow] = {}
        self.unsent: list[tuple[int, int, bytes]] = []
        self.closed: list[AssociationClosed] = []
        self.pair.on_event = self.handle
        self.pair.before_sending = self.feed
        largest = 60_000 if buffer > 100_000 else 15_000
        for stream in range(random.choice([1, 1, 2, 4])):
            self.open(stream, random, largest)

    def open(self, stream: int, random: Random, largest: int) -> None:
        ordered = random.random() < 0.7
        terms: dict[str, int] = random.choice(
            [{}, {}, {}, {"max_retransmits": random.randrange(3)}, {"max_lifetime_ms": 200}]
        )
        for side in (0, 1):
            self.pair.sides[side].open_channel(
                stream=stream,
                negotiated=True,
                ordered=ordered,
                **terms,  # type: ignore[arg-type]
            )
            total = random.choice([0, 2_000, 60_000, 250_000])
            messages = [m[:largest] for m in random_messages(random, total)]
            self.flows[(side, stream)] = Flow(messages, ordered, not terms)
            self.unsent += [(side, stream, m) for m in messages]

    def feed(self, side: int) -> None:
        """Some at once, the rest as the run goes on."""
        association = self.pair.sides[side]
        while self.unsent and association.buffered_bytes < 200_000:
            at = next((i for i, (s, _, _) in enumerate(self.unsent) if s == side), None)
            if at is None:
                return
            _, stream, message = self.unsent.pop(at)
            association.send(stream, PPID_BINARY, message)

    def handle(self, side: int, event: Event) -> None:
        if isinstance(event, MessageReceived):
            self.flows[(1 - side, event.stream)].got.append(event.data)
        elif isinstance(event, AssociationClosed):
            self.closed.append(event)

    def is_done(self) -> bool:
        return bool(self.closed) or (
            not self.unsent
            and all(flow.is_done() for flow in self.flows.values())
            and not any(side.buffered_bytes for side in self.pair.sides)
        )

    def disturb(self) -> None:
        """Closed windows, and a path that changes, in the middle of it."""
        pair, random = self.pair, self.random
        if random.random() < 0.3:
            pair.may_drain[random.randrange(2)] = False
            pair.run(self.is_done, random.uniform(0.1, 8))
            pair.may_drain = [True, True]
        if random.random() < 0.3:
            pair.run(self.is_done, random.uniform(0.1, 2))
            pair.paths[random.randrange(2)].change(mtu_bytes=BASE_PACKET_BYTES)

    def go(self) -> str:
        """What is wrong, or ""."""
        pair = self.pair
        both = self.random.random() < 0.7
        pair.connect(both)
        self.disturb()
        if not pair.run(self.is_done, LIMIT_S):
            return f"not done after {pair.now:.0f} s: {self.left_over()}"
        if self.closed:
            return f"closed: {self.closed}"
        for (side, stream), flow in self.flows.items():
            if fault := flow.fault():
                return f"side {side} stream {stream}: {fault}"
        if pair.largest_burst > 16:
            return f"a burst of {pair.largest_burst}"
        return self.finish()

    def finish(self) -> str:
        pair = self.pair
        for path in pair.paths:
            path.judge = None
        if not pair.run(lambda: all(s.is_established for s in pair.sides), LIMIT_S):
            return f"not established: {[s.stats()['state'] for s in pair.sides]}"
        pair.sides[self.random.randrange(2)].shutdown(pair.now)
        if not pair.run(lambda: len(self.closed) == 2, LIMIT_S):
            return f"no end: {[s.stats()['state'] for s in pair.sides]}"
        if any(c.code != "shutdown" for c in self.closed):
            # The last SHUTDOWN-COMPLETE may be lost for good: then the other side gives up.
            if {c.code for c in self.closed} <= {"shutdown", "no-answer"}:
                return ""
            return f"a wrong end: {self.closed}"
        return ""

    def left_over(self) -> str:
        flows = {k: f"{len(f.got)}/{len(f.messages)}" for k, f in self.flows.items()}
        return f"{flows} unsent={len(self.unsent)} {[s.stats() for s in self.pair.sides]}"


def run_seed(seed: int) -> tuple[str, float]:
    """The fault of a seed, or "", and the emulated seconds that it took."""
    run = Run(seed)
    return run.go(), run.pair.now


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.dataplane.soak", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    began, failed, longest = time.perf_counter(), [], 0.0
    for seed in range(options.first, options.first + options.seeds):
        fault, took_s = run_seed(seed)
        longest = max(longest, took_s)
        if fault:
            failed.append(seed)
            print(f"seed={seed} fault={fault}", flush=True)
    print(
        f"seeds={options.seeds} failed={len(failed)} longest_emulated_s={longest:.1f}"
        f" took_s={time.perf_counter() - began:.1f} failing={failed}"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
