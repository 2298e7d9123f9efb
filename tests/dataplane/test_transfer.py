"""Two associations over an emulated path: whole transfers, by fake clock."""

from __future__ import annotations

import hashlib
from random import Random

import pytest

from p2claw.dataplane.core._sctp import (
    AssociationClosed,
    ChannelClosed,
    ChannelOpened,
    MessageReceived,
)
from tests.dataplane.goodput import Link, goodput, shares
from tests.dataplane.small_socket import SmallSocket
from tests.dataplane.soak import run_seed
from tests.support.link_emulator import PathSettings
from tests.support.sctp_pair import Pair

PPID_STRING, PPID_BINARY = 51, 53
HEARTBEAT_ACK = 5  # RFC 9260 §3.2
CONTROLLERS = ["bbr", "cubic"]


def transfer(pair: Pair, size: int = 1_000_000, limit_s: float = 120.0) -> float:
    """Sends so many bytes to the right, and checks them. The emulated seconds it took."""
    content = Random(3).randbytes(size)
    for at in range(0, size, 16384):
        pair.left.send(0, PPID_BINARY, content[at : at + 16384])
    got: list[bytes] = []
    pair.on_event = lambda side, e: got.append(e.data) if isinstance(e, MessageReceived) else None
    pair.connect()
    assert pair.run(lambda: sum(map(len, got)) >= size, limit_s), pair.left.stats()
    assert hashlib.sha256(b"".join(got)).digest() == hashlib.sha256(content).digest()
    return pair.now


@pytest.mark.parametrize("both", [True, False])
def test_a_channel_opens_with_its_terms(both: bool) -> None:
    pair = Pair(PathSettings(delay_s=0.02), PathSettings(delay_s=0.02))
    stream = pair.left.open_channel("label", "protocol", ordered=False, max_lifetime_ms=500)
    pair.connect(both)
    assert pair.run(lambda: any(isinstance(e, ChannelOpened) for e in pair.events[0]))
    opened = next(e for e in pair.events[1] if isinstance(e, ChannelOpened))
    assert (opened.stream, opened.label, opened.protocol) == (stream, "label", "protocol")
    assert (opened.ordered, opened.max_lifetime_ms, opened.max_retransmits) == (False, 500, None)


def test_streams_of_client_and_server_are_even_and_odd() -> None:
    pair = Pair()
    assert [pair.left.open_channel() for _ in range(2)] == [0, 2]
    assert [pair.right.open_channel() for _ in range(2)] == [1, 3]


def test_the_first_message_arrives_with_the_opening_of_its_channel() -> None:
    pair = Pair(PathSettings(delay_s=0.05), PathSettings(delay_s=0.05))
    pair.left.send(pair.left.open_channel("x"), PPID_STRING, b"hello")
    pair.connect(both=False)
    assert pair.run(lambda: any(isinstance(e, MessageReceived) for e in pair.events[1]))
    assert pair.now == pytest.approx(0.15)  # INIT, its reply, the echo and the message with it


def test_empty_messages_are_delivered_as_such() -> None:
    pair = Pair()
    for ppid in (PPID_STRING, PPID_BINARY):
        pair.left.send(0, ppid, b"")
    pair.connect()
    assert pair.run(lambda: len(pair.events[1]) == 3)
    got = [(e.ppid, e.data) for e in pair.events[1] if isinstance(e, MessageReceived)]
    assert got == [(PPID_STRING, b""), (PPID_BINARY, b"")]


def test_both_sides_close_a_channel_at_once() -> None:
    pair = Pair(PathSettings(delay_s=0.02), PathSettings(delay_s=0.02))
    stream = pair.left.open_channel("x")
    pair.connect()
    pair.run(lambda: len(pair.events[0]) >= 2)
    pair.left.reset_stream(stream)
    pair.right.reset_stream(stream)
    closed = lambda side: any(isinstance(e, ChannelClosed) for e in pair.events[side])  # noqa: E731
    assert pair.run(lambda: closed(0) and closed(1))
    assert pair.left.open_channel("again") == stream


def test_a_shutdown_lets_all_arrive_first() -> None:
    pair = Pair(PathSettings(delay_s=0.02, loss=0.05), PathSettings(delay_s=0.02, loss=0.05))
    pair.connect()
    pair.run(lambda: pair.left.is_established and pair.right.is_established)
    for _ in range(50):
        pair.left.send(0, PPID_BINARY, bytes(5000))
    pair.left.shutdown(pair.now)
    ended = lambda side: any(isinstance(e, AssociationClosed) for e in pair.events[side])  # noqa: E731
    assert pair.run(lambda: ended(1) and ended(0))
    assert sum(isinstance(e, MessageReceived) for e in pair.events[1]) == 50


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_a_clean_path_needs_no_retransmission(controller: str) -> None:
    pair = Pair(
        PathSettings(delay_s=0.01), PathSettings(delay_s=0.01), left={"controller": controller}
    )
    transfer(pair)
    assert pair.left.stats()["retransmits"] == 0
    assert pair.largest_burst <= 16


@pytest.mark.parametrize("rate_mbit", [1000, 5000])
@pytest.mark.parametrize("late_s", [0.0002, 0.001])
def test_late_wakes_and_reads_do_not_slow_a_fast_link(rate_mbit: int, late_s: float) -> None:
    link = Link(2, rate_mbit, 0, 2_000_000)
    rate, _ = goodput(link, "bbr", 0.3, 1, late_s=late_s, coalesce_s=late_s)
    assert rate >= 0.55 * link.rate_bytes_per_s  # in the first 0.3 s


def test_wakes_that_are_later_than_that_do_not_slow_a_real_path() -> None:
    rate, _ = goodput(Link(20, 50, 0, 120_000), "bbr", 4, 1, late_s=0.005)
    assert rate >= 0.8 * 50e6 / 8


def test_a_late_wake_sends_one_burst_at_the_rate_of_a_real_path() -> None:
    there, back = Link(20, 50, 0, 250_000).paths()
    pair = Pair(there, back, late_s=0.001)
    for _ in range(900):
        pair.left.send(0, PPID_BINARY, bytes(50_000))
    pair.connect()
    pair.run_for(1)
    pair.largest_wake = 0
    pair.run_for(3)
    assert 1 < pair.largest_wake <= 16


def bursts_of_each_wake(lump_s: float) -> list[list[int]]:
    """Packets for each burst of 100 wakes, one per millisecond, as one of a crowd is served, on a
    path of no length."""
    pair = Pair()
    pair.connect()
    pair.run_for(0.01)
    sender, receiver, now = pair.left, pair.right, pair.now
    sender.set_least_lump(lump_s)
    acknowledgements: list[bytes] = []
    wakes: list[list[int]] = []
    for _ in range(300):
        now += 0.001
        while sender.buffered_bytes < 2_000_000:
            sender.send(0, PPID_BINARY, bytes(16_384))
        for packet in acknowledgements:
            sender.receive(packet, now)
        sender.handle_timeout(now)
        bursts = [sender.to_send(now) for _ in range(4)]
        wakes.append([len(burst) for burst in bursts])
        for burst in bursts:
            for packet in burst:
                receiver.receive(packet, now + 0.0002)
        while receiver.next_event():
            pass
        acknowledgements = receiver.to_send(now + 0.0002)
    return wakes[200:]


@pytest.mark.parametrize("lump_s", [0.0, 0.0025])
def test_a_path_that_acknowledges_all_before_the_next_wake_gets_more_than_a_burst_at_each(
    lump_s: float,
) -> None:
    wakes = bursts_of_each_wake(lump_s)
    assert sum(map(sum, wakes)) / len(wakes) > 40


def test_a_fast_path_gets_as_much_at_once_as_one_call_can_cut_up() -> None:
    assert max(map(max, bursts_of_each_wake(0.0))) == 44


@pytest.mark.parametrize("per_packet_us", [12, 25, 37])
def test_a_receiver_with_a_small_socket_gets_all_it_can_read_and_loses_little(
    per_packet_us: int,
) -> None:
    served = SmallSocket(per_packet_us / 1e6).serve(2.0, every_s=0.001, lump_s=0.0005)
    assert served.lost_per_1000 < 1
    assert sum(served.wakes) * per_packet_us / 1e6 > 0.85


@pytest.mark.parametrize("per_packet_us", [25, 1_000])
def test_a_sender_with_a_share_sends_so_much_at_one_time_whatever_its_rate(
    per_packet_us: int,
) -> None:
    """A wake in 40 ms: the path delivers 1,600 packets meanwhile, or 40."""
    path = SmallSocket(per_packet_us / 1e6)
    path.sender.set_share(30)
    served = path.serve(4.0, every_s=0.04, lump_s=0.0025)
    assert max(served.wakes) == 30
    assert sum(served.wakes) / len(served.wakes) > 27


def bursts(lump_s: float, *, loss: float = 0.0) -> tuple[float, float]:
    """Over a line of 16 Mbit/s and 30 ms that loses so many percent: packets for each burst, and
    which part of the line is filled."""
    there, back = Link(30, 16, loss, 120_000).paths()
    pair = Pair(there, back)
    pair.left.set_least_lump(lump_s)
    for _ in range(400):
        pair.left.send(0, PPID_BINARY, bytes(50_000))
    pair.connect()
    pair.run_for(2)
    sent: list[int] = []
    to_send = pair.left.to_send
    before = pair.right.stats()["payload_in_bytes"]

    class Counted:
        def __getattr__(self, name: str) -> object:
            return getattr(pair_left, name)

        def to_send(self, now: float) -> list[bytes]:
            packets = to_send(now)
            if packets:
                sent.append(len(packets))
            return packets

    pair_left = pair.left
    pair.sides[0] = Counted()  # type: ignore[call-overload]
    pair.run_for(5)
    filled = (pair.right.stats()["payload_in_bytes"] - before) / 5 / 2e6
    return sum(sent) / len(sent), filled


@pytest.mark.parametrize("loss", [0.0, 0.1])
def test_a_lump_makes_fewer_bursts_and_fills_a_line_as_well(loss: float) -> None:
    packets, filled = bursts(0.0, loss=loss)
    more_packets, as_filled = bursts(0.0025, loss=loss)
    assert packets < 2.5
    assert more_packets > 1.6 * packets
    assert as_filled > 0.98 * filled > 0.8


def filled_by_wakes(wake_s: float, queue_bytes: int) -> float:
    """Which part of a line of 16 Mbit/s, 30 ms and 0.1 % loss is filled if the sender is served at
    such intervals alone, once for each, with bursts worth 4.5 ms: as a far link of a crowd is."""
    pair = Pair(*Link(30, 16, 0.1, queue_bytes).paths())
    pair.connect()
    pair.run_for(0.5)
    sender, receiver, now = pair.left, pair.right, pair.now
    there, back = pair.paths
    sender.set_least_lump(0.0045)
    began, before, next_wake = now, 0.0, now
    while now < began + 8:
        times = (there.next_arrival(), receiver.next_timeout())
        now = max(now, min(next_wake, *(at for at in times if at is not None)))
        for _, packet in there.arrived(now):
            receiver.receive(packet, now)
            while receiver.next_event():
                pass
        receiver.handle_timeout(now)
        for packet in receiver.to_send(now):
            back.send(packet, now)
        if now < next_wake:
            continue
        next_wake = now + wake_s
        while sender.buffered_bytes < 2_000_000:
            sender.send(0, PPID_BINARY, bytes(16_384))
        for _, packet in back.arrived(now):
            sender.receive(packet, now)
        sender.handle_timeout(now)
        for packet in sender.to_send(now):
            there.send(packet, now)
        if now < began + 3:
            before = receiver.stats()["payload_in_bytes"]
    return (receiver.stats()["payload_in_bytes"] - before) / 5 / 2e6


@pytest.mark.parametrize("wake_ms", [5, 6, 8])
@pytest.mark.parametrize("queue_ms", [20, 60])
def test_a_far_line_is_filled_by_rare_wakes_and_if_they_are_late(
    wake_ms: int, queue_ms: int
) -> None:
    assert filled_by_wakes(wake_ms / 1000, queue_ms * 2000) > 0.86


def test_what_is_less_than_a_lump_does_not_wait_for_one() -> None:
    pair = Pair(PathSettings(delay_s=0.015), PathSettings(delay_s=0.015))
    transfer(pair)
    pair.left.set_least_lump(0.01)
    pair.left.send(0, PPID_BINARY, bytes(1_000))
    assert len(pair.left.to_send(pair.now)) == 1


@pytest.mark.parametrize("controller", CONTROLLERS)
@pytest.mark.parametrize("loss", [0.01, 0.1])
def test_losses_are_repaired(controller: str, loss: float) -> None:
    path = PathSettings(delay_s=0.01, loss=loss)
    transfer(Pair(path, path, seed=5, left={"controller": controller}), 300_000)


def test_a_lost_tail_is_repaired_without_a_timeout() -> None:
    pair = Pair(PathSettings(delay_s=0.01), PathSettings(delay_s=0.01))
    transfer(pair, 100_000)
    lost = iter([True])
    pair.paths[0].judge = lambda p: p[12] == 0 and next(lost, False)
    pair.left.send(0, PPID_BINARY, b"the last")
    got: list[bytes] = []
    pair.on_event = lambda side, e: got.append(e.data) if isinstance(e, MessageReceived) else None
    began = pair.now
    assert pair.run(lambda: got == [b"the last"])
    assert pair.now - began < 0.2
    assert pair.left.stats()["timeouts"] == 0


def test_zero_checksums_are_used_where_both_offer_them() -> None:
    pair = Pair()
    transfer(pair, 50_000)
    assert pair.left.stats()["zero_checksum"]
    pair = Pair(right={"zero_checksum": False})
    transfer(pair, 50_000)
    assert not pair.left.stats()["zero_checksum"]


@pytest.mark.parametrize("sent_at", [0, 1 << 62, 1 << 63, (1 << 64) - 1])
def test_a_heartbeat_acknowledged_with_another_time_measures_nothing(sent_at: int) -> None:
    def forge(packet: bytes) -> bytes:
        if packet[12] != HEARTBEAT_ACK:
            return packet
        forged.append(packet)
        return packet[:20] + sent_at.to_bytes(8, "big") + packet[28:]

    forged: list[bytes] = []
    pair = Pair(PathSettings(delay_s=0.02), PathSettings(delay_s=0.02))
    pair.connect()
    pair.run_for(1)
    before = pair.left.stats()["rtt_ms"]
    pair.paths[1].rewrite = forge
    pair.run_for(70)
    assert forged
    assert pair.left.stats()["rtt_ms"] == before
    assert pair.left.stats()["state"] == "established"


def test_an_idle_association_sends_a_heartbeat_in_thirty_seconds_and_nothing_else() -> None:
    pair = Pair(PathSettings(delay_s=0.01), PathSettings(delay_s=0.01))
    pair.connect()
    pair.run_for(1)
    before = [p.counts.sent for p in pair.paths]
    pair.run_for(300)
    after = [p.counts.sent for p in pair.paths]
    assert all(now - then <= 22 for now, then in zip(after, before, strict=True))
    assert pair.left.is_established


def test_on_a_path_that_is_seen_to_work_heartbeats_are_four_times_as_seldom() -> None:
    pair = Pair(PathSettings(delay_s=0.01), PathSettings(delay_s=0.01))
    pair.connect()
    pair.run_for(1)
    before = [p.counts.sent for p in pair.paths]
    for _ in range(120):
        for side in (pair.left, pair.right):
            side.path_works(pair.now)
        pair.run_for(5)
    after = [p.counts.sent for p in pair.paths]
    assert all(8 <= now - then <= 12 for now, then in zip(after, before, strict=True))
    assert pair.left.is_established


def test_once_a_path_is_not_seen_to_work_any_more_a_heartbeat_goes_in_thirty_seconds() -> None:
    pair = Pair(PathSettings(delay_s=0.01), PathSettings(delay_s=0.01))
    pair.connect()
    for _ in range(10):
        pair.left.path_works(pair.now)
        pair.run_for(5)
    before = pair.paths[0].counts.sent
    pair.run_for(45)
    assert pair.paths[0].counts.sent > before


def test_a_message_with_no_retransmissions_is_given_up() -> None:
    pair = Pair(PathSettings(delay_s=0.01), PathSettings(delay_s=0.01))
    stream = pair.left.open_channel("x", max_retransmits=0)
    pair.connect()
    pair.run(lambda: any(isinstance(e, ChannelOpened) for e in pair.events[0]))
    lost = iter([True])
    pair.paths[0].judge = lambda p: p[12] == 0 and next(lost, False)
    for text in (b"lost", b"kept"):
        pair.left.send(stream, PPID_BINARY, text + bytes(1150))
    assert pair.run(lambda: any(isinstance(e, MessageReceived) for e in pair.events[1]))
    got = [e.data[:4] for e in pair.events[1] if isinstance(e, MessageReceived)]
    assert got == [b"kept"]
    assert pair.left.stats()["abandoned_messages"] == 1


@pytest.mark.parametrize("seed", [*range(40), 104, 213, 229, 548, 830, 1257])
def test_a_seed_of_the_soak(seed: int) -> None:
    fault, _ = run_seed(seed)
    assert fault == ""


@pytest.mark.parametrize(
    ("link", "part"),
    [
        (Link(20, 100, 0, 250_000), 0.85),
        (Link(50, 100, 1, 625_000), 0.7),
        (Link(50, 100, 3, 625_000), 0.5),
    ],
    ids=["clean", "1 % lost", "3 % lost"],
)
def test_the_default_controller_fills_a_link(link: Link, part: float) -> None:
    rate, _ = goodput(link, "bbr", 4, 1)
    assert rate >= part * link.rate_bytes_per_s


def test_a_mass_of_losses_is_repaired_though_sacks_name_few_gaps() -> None:
    link = Link(50, 100, 0, 100_000)  # startup overruns so small a queue by hundreds of packets
    rate, stats = goodput(link, "bbr", 4, 1, ranges=20)
    assert rate >= 0.5 * link.rate_bytes_per_s, stats


def test_a_cubic_that_comes_later_gets_its_part_of_a_long_line() -> None:
    ours, _ = shares(Link(50, 100, 0, 625_000), ["bbr", "cubic"], 30, seed=1)
    assert 0.3 < ours < 0.7
