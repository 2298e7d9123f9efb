"""Losses that were none are taken back, and those that a tail probe repaired are not overlooked."""

from __future__ import annotations

import pytest

from p2claw.dataplane.core._sctp import Association, MessageReceived
from tests.dataplane.goodput import Link
from tests.dataplane.packets import chunk, packet
from tests.dataplane.test_association import DATA, TAG, established, replies
from tests.support.sctp_pair import Pair

CONTROLLERS = ["bbr", "cubic"]
LINK = Link(40, 50, 0, 250_000)


class Flow:
    """Much to send from left to right over the link, a second already done."""

    def __init__(self, controller: str) -> None:
        there, back = LINK.paths()
        self.pair = Pair(there, back, left={"controller": controller})
        self.got = 0
        self.pair.on_event = self.count
        for _ in range(800):
            self.pair.left.send(0, 53, bytes(50_000))
        self.pair.connect()
        self.pair.run_for(2)

    def count(self, side: int, event: object) -> None:
        if isinstance(event, MessageReceived):
            self.got += len(event.data)

    def rate_of_next(self, seconds: float) -> float:
        """Of what the link carries."""
        before = self.got
        self.pair.run_for(seconds)
        return (self.got - before) / seconds / LINK.rate_bytes_per_s


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_a_delay_that_ran_into_a_timeout_costs_no_more_than_itself(controller: str) -> None:
    flow = Flow(controller)
    before = flow.pair.left.stats()
    flow.pair.paths[0].stall(flow.pair.now, 0.7)
    flow.pair.run_for(0.8)
    after = flow.pair.left.stats()
    assert after["timeouts"] > before["timeouts"]
    assert after["undone_losses"] == before["undone_losses"] + 1
    assert after["retransmits"] - before["retransmits"] <= 4  # of the hundreds in flight
    assert after["cwnd_bytes"] >= before["cwnd_bytes"]
    assert flow.rate_of_next(0.5) > 0.8


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_a_path_that_was_cut_is_not_mistaken_for_a_slow_one(controller: str) -> None:
    flow = Flow(controller)
    before = flow.pair.left.stats()
    flow.pair.paths[0].judge = lambda _: True
    flow.pair.run_for(1.0)
    flow.pair.paths[0].judge = None
    flow.pair.run_for(1.0)
    assert flow.pair.left.stats()["retransmits"] > before["retransmits"] + 100
    assert flow.pair.left.stats()["undone_losses"] == before["undone_losses"]


def test_a_new_path_is_used_at_once_however_long_the_old_one_was_dead() -> None:
    flow = Flow("bbr")
    flow.pair.paths[0].judge = lambda _: True
    flow.pair.run_for(5.0)  # timeouts at 0.4, 1.2, 2.8, 6 s
    flow.pair.paths[0].judge = None
    flow.pair.run_for(0.2)
    assert flow.rate_of_next(0.1) == 0
    flow.pair.left.path_works(flow.pair.now)
    assert flow.rate_of_next(0.2) > 0.2
    assert flow.rate_of_next(0.5) > 0.7


def test_packets_that_overtook_others_do_not_halve_the_window() -> None:
    flow = Flow("cubic")
    flow.pair.paths[0].change(delay_s=0.06)  # what comes after the change is overtaken by
    flow.pair.run_for(0.1)
    before = flow.pair.left.stats()
    flow.pair.paths[0].change(delay_s=0.035)  # this
    flow.pair.run_for(0.02)
    flow.pair.paths[0].change(delay_s=0.06)
    flow.pair.run_for(0.3)
    after = flow.pair.left.stats()
    assert after["lost_chunks"] > before["lost_chunks"]
    assert after["undone_losses"] > before["undone_losses"]
    assert after["cwnd_bytes"] >= before["cwnd_bytes"]


class Acknowledged:
    """A sender whose peer is written by hand: 50 ms away."""

    def __init__(self) -> None:
        self.sender: Association = established(controller="cubic")
        self.now = 0.0
        self.sent: list[int] = []
        for _ in range(5):
            self.send()
            self.acknowledge()

    def send(self) -> None:
        self.sender.send(0, 53, bytes(1000))
        self.collect()

    def collect(self) -> None:
        found = replies(self.sender, self.now)
        self.sent += [int.from_bytes(v[:4], "big") for k, _, v in found if k == DATA]

    def acknowledge(self, *duplicates: int) -> None:
        self.now += 0.05
        value = max(self.sent).to_bytes(4, "big") + (1_000_000).to_bytes(4, "big") + bytes(2)
        value += len(duplicates).to_bytes(2, "big")
        value += b"".join(d.to_bytes(4, "big") for d in duplicates)
        self.sender.receive(packet(TAG, chunk(3, value)), self.now)
        self.collect()

    def probe(self) -> None:
        """The next packet is not acknowledged, until a tail probe repeats it."""
        self.send()
        timeout = self.sender.next_timeout()
        assert timeout is not None
        self.now = timeout
        self.sender.handle_timeout(self.now)
        self.collect()
        assert self.sent[-1] == self.sent[-2]
        assert self.sender.stats()["tail_probes"] == 1


def test_a_loss_that_a_tail_probe_repaired_makes_the_window_smaller() -> None:
    peer = Acknowledged()
    before = peer.sender.stats()["cwnd_bytes"]
    peer.probe()
    peer.acknowledge()
    peer.send()
    assert peer.sender.stats()["cwnd_bytes"] == before  # the reply may have been to either
    peer.acknowledge()
    assert peer.sender.stats()["cwnd_bytes"] == pytest.approx(0.7 * before, rel=0.01)
    assert peer.sender.stats()["lost_chunks"] == 1


def test_a_tail_probe_that_repaired_nothing_does_not() -> None:
    peer = Acknowledged()
    before = peer.sender.stats()["cwnd_bytes"]
    peer.probe()
    peer.acknowledge(peer.sent[-1])
    for _ in range(3):
        peer.send()
        peer.acknowledge()
    assert peer.sender.stats()["cwnd_bytes"] >= before
    assert peer.sender.stats()["lost_chunks"] == 0
