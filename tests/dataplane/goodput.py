"""How much of an emulated link a sender fills: `python -m tests.dataplane.goodput`.

On a fake clock, so the figures depend on the seed alone and not on the machine. Slow start is in
them. `shared` puts two senders on one link, each beginning first in turn.
"""

from __future__ import annotations

import argparse
import json
import statistics
from dataclasses import dataclass
from random import Random

from p2claw.dataplane.core._sctp import Association, MessageReceived
from tests.support.link_emulator import Path, PathSettings
from tests.support.sctp_pair import Pair, seed_bytes

OVERHEAD_BYTES = 20 + 8 + 37  # IPv4, UDP, DTLS record
PPID_BINARY = 53
MESSAGE = bytes(16384)


@dataclass(frozen=True, slots=True)
class Link:
    rtt_ms: int
    rate_mbit: int
    loss_percent: float
    queue_bytes: int

    @property
    def rate_bytes_per_s(self) -> float:
        return self.rate_mbit * 1e6 / 8

    def paths(self) -> tuple[PathSettings, PathSettings]:
        there = PathSettings(
            delay_s=self.rtt_ms / 2000,
            rate_bytes_per_s=self.rate_bytes_per_s,
            queue_bytes=self.queue_bytes,
            overhead_bytes=OVERHEAD_BYTES,
            loss=self.loss_percent / 100,
        )
        return there, PathSettings(delay_s=self.rtt_ms / 2000)


LINKS = [
    Link(50, 100, 0, 625_000),
    Link(20, 100, 0, 250_000),
    Link(50, 100, 0.5, 625_000),
    Link(50, 100, 1, 625_000),
    Link(50, 100, 3, 625_000),
    Link(50, 1000, 0, 2_000_000),
    Link(50, 1000, 1, 2_000_000),
    Link(200, 20, 1, 250_000),
    Link(10, 10, 0, 32_000),
    Link(5, 1000, 0, 625_000),
    Link(1, 5000, 0, 2_000_000),
]


def goodput(
    link: Link,
    controller: str,
    seconds: float,
    seed: int,
    ranges: int | None = None,
    late_s: float = 0.0,
    coalesce_s: float = 0.0,
) -> tuple[float, dict[str, object]]:
    """Bytes of user data a second, and the sender's counts. ranges: the most in one SACK."""
    there, back = link.paths()
    pair = Pair(
        there,
        back,
        seed=seed,
        left={"controller": controller},
        right={"receive_buffer_bytes": 32_000_000},
        late_s=late_s,
        coalesce_s=coalesce_s,
    )
    got = 0

    def count(side: int, event: object) -> None:
        nonlocal got
        if side == 1 and isinstance(event, MessageReceived):
            got += len(event.data)

    def feed(side: int) -> None:
        if side == 0:
            while pair.left.buffered_bytes < 24_000_000:
                pair.left.send(0, PPID_BINARY, MESSAGE)

    if ranges is not None:
        pair.paths[1].rewrite = lambda packet: with_fewer_ranges(packet, ranges)
    pair.on_event, pair.before_sending = count, feed
    pair.connect()
    pair.run_for(seconds)
    stats = pair.left.stats()
    named = ("rtt_ms", "cwnd_bytes", "mtu_bytes", "chunks_out", "retransmits", "timeouts")
    return got / seconds, {name: stats[name] for name in named}  # type: ignore[literal-required]


def with_fewer_ranges(packet: bytes, most: int) -> bytes:
    """The SACK of a peer that names fewer gaps, as libwebrtc's 20. It stands alone, unsummed."""
    if packet[12] != 3 or int.from_bytes(packet[24:26], "big") <= most:
        return packet
    length = (16 + 4 * most).to_bytes(2, "big")
    gaps = most.to_bytes(2, "big") + bytes(2)
    head = packet[:8] + bytes(4) + packet[12:14] + length + packet[16:24]
    return head + gaps + packet[28 : 28 + 4 * most]


class Shared:
    """Several senders through one queue; each has a receiver of its own behind it."""

    def __init__(
        self, link: Link, controllers: list[str], starts_s: list[float], seed: int
    ) -> None:
        random = Random(seed)
        there, back = link.paths()
        self.path = Path(there, Random(random.random()))
        self.back = Path(back, Random(random.random()))
        self.starts_s = starts_s
        self.now = 0.0
        self.got = [0] * len(controllers)
        self.senders = [
            Association(server=False, seed=seed_bytes(random), controller=c)  # type: ignore[arg-type]
            for c in controllers
        ]
        self.receivers = [
            Association(server=True, seed=seed_bytes(random), receive_buffer_bytes=32_000_000)
            for _ in controllers
        ]

    def _touch(self, i: int, association: Association, path: Path, feed: bool) -> None:
        while event := association.next_event():
            if isinstance(event, MessageReceived):
                self.got[i] += len(event.data)
        while feed and association.buffered_bytes < 4_000_000:
            association.send(0, PPID_BINARY, MESSAGE)
        for packet in association.to_send(self.now):
            path.send(packet, self.now, i)

    def run(self, until_s: float) -> None:
        self._begin()
        while self.now < until_s:
            times = [t for t in self.starts_s if t > self.now] + [until_s]
            times += [
                p for p in (self.path.next_arrival(), self.back.next_arrival()) if p is not None
            ]
            both = [*self.senders, *self.receivers]
            times += [t for a in both if (t := a.next_timeout()) is not None]
            self.now = max(self.now, min(times))
            self._begin()
            for to, packet in self.path.arrived(self.now):
                self.receivers[to].receive(packet, self.now)
                self._touch(to, self.receivers[to], self.back, False)
            for to, packet in self.back.arrived(self.now):
                self.senders[to].receive(packet, self.now)
                self._touch(to, self.senders[to], self.path, True)
            self._expire()

    def _begin(self) -> None:
        for i, start in enumerate(self.starts_s):
            if start <= self.now and self.senders[i].stats()["state"] == "new":
                self.senders[i].connect(self.now)
                self._touch(i, self.senders[i], self.path, True)

    def _expire(self) -> None:
        for group, path in ((self.senders, self.path), (self.receivers, self.back)):
            for i, association in enumerate(group):
                timeout = association.next_timeout()
                if timeout is not None and timeout <= self.now:
                    association.handle_timeout(self.now)
                    self._touch(i, association, path, path is self.path)


def shares(link: Link, controllers: list[str], seconds: float, seed: int) -> list[float]:
    """Each sender's part of what arrived in `seconds` after the last of them began."""
    shared = Shared(link, controllers, [2.0 * i for i in range(len(controllers))], seed)
    shared.run(2.0 * (len(controllers) - 1))
    before = list(shared.got)
    shared.run(shared.now + seconds)
    got = [now - then for now, then in zip(shared.got, before, strict=True)]
    return [g / max(1, sum(got)) for g in got]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.dataplane.goodput", description=__doc__)
    parser.add_argument("what", choices=["links", "shared"], nargs="?", default="links")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--controller", choices=["bbr", "cubic", "both"], default="both")
    parser.add_argument("--ranges", type=int, help="the most gaps that a SACK names")
    parser.add_argument("--late-ms", type=float, default=0, help="how late timers are served")
    parser.add_argument("--coalesce-ms", type=float, default=0, help="how long reads wait")
    parser.add_argument("--only", type=int, help="the number of one link")
    options = parser.parse_args()
    if options.what == "shared":
        for link in (Link(50, 20, 0, 125_000), Link(20, 50, 0, 125_000), Link(50, 20, 0, 375_000)):
            for two in (["bbr", "cubic"], ["cubic", "bbr"], ["bbr", "bbr"], ["cubic", "cubic"]):
                parts = shares(link, two, options.seconds, 1)
                print(
                    json.dumps(
                        {"link": str(link), "senders": two, "share": [round(p, 2) for p in parts]}
                    ),
                    flush=True,
                )
        return
    links = LINKS if options.only is None else [LINKS[options.only]]
    for link in links:
        for controller in (
            ["cubic", "bbr"] if options.controller == "both" else [options.controller]
        ):
            rates: list[float] = []
            stats: dict[str, object] = {}
            for seed in range(options.runs):
                rate, stats = goodput(
                    link,
                    controller,
                    options.seconds,
                    seed,
                    options.ranges,
                    options.late_ms / 1000,
                    options.coalesce_ms / 1000,
                )
                rates.append(rate / 1e6)
            print(
                json.dumps(
                    {
                        "rtt_ms": link.rtt_ms,
                        "rate_mbit": link.rate_mbit,
                        "loss_percent": link.loss_percent,
                        "controller": controller,
                        "mb_per_s": round(statistics.median(rates), 2),
                        "least": round(min(rates), 2),
                        "of_link": round(statistics.median(rates) * 8 / link.rate_mbit, 3),
                        **stats,
                    }
                ),
                flush=True,
            )


if __name__ == "__main__":
    main()
