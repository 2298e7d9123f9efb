"""How large packets may be: found by probes, and found out again when a path carries less."""

from __future__ import annotations

import pytest

from p2claw.dataplane.core._sctp import (
    BASE_PACKET_BYTES,
    LARGEST_PACKET_BYTES,
    MessageReceived,
)
from tests.dataplane.test_association import established
from tests.dataplane.test_transfer import PPID_BINARY, transfer
from tests.support.link_emulator import PathSettings
from tests.support.sctp_pair import Pair

# What is around an SCTP packet: a record of DTLS (AES-GCM), a relay's header, UDP and IPv4.
RECORD_BYTES, RELAY_BYTES, UDP_IPV4_BYTES = 37, 4, 28
MESSAGE = bytes(16_384)
WAY = PathSettings(delay_s=0.01)


def searched(to_right: PathSettings = WAY) -> Pair:
    """Two associations, of which the left one has found the largest packet."""
    pair = Pair(to_right, WAY)
    transfer(pair)
    pair.run_for(1)
    assert pair.left.stats()["mtu_bytes"] == LARGEST_PACKET_BYTES
    return pair


def received(pair: Pair) -> list[bytes]:
    """Messages that come to either side from now on."""
    got: list[bytes] = []
    pair.on_event = lambda side, e: got.append(e.data) if isinstance(e, MessageReceived) else None
    return got


def test_the_first_packets_are_datagrams_of_1200_bytes_at_most_through_a_relay_too() -> None:
    association = established()
    for _ in range(20):
        association.send(0, PPID_BINARY, MESSAGE)
    largest = max(len(p) for p in association.to_send(0.0))
    assert largest + RECORD_BYTES + RELAY_BYTES <= 1200
    assert largest + RECORD_BYTES + RELAY_BYTES > 1196  # and no smaller than need be


def test_a_path_of_1230_bytes_carries_both_directions_from_the_first_packet_on() -> None:
    narrow = PathSettings(delay_s=0.01, mtu_bytes=1230 - UDP_IPV4_BYTES - RECORD_BYTES)
    pair = Pair(narrow, narrow)
    got = received(pair)
    for side in pair.sides:
        for _ in range(20):
            side.send(0, PPID_BINARY, MESSAGE)
    pair.connect()
    assert pair.run(lambda: len(got) == 40, limit_s=0.5)
    stats = [side.stats() for side in pair.sides]
    assert [(s["timeouts"], s["lost_chunks"]) for s in stats] == [(0, 0)] * 2
    assert [path.counts.too_large for path in pair.paths] == [1, 1]  # the probes


@pytest.mark.parametrize(("carries", "found"), [(1431, 1431), (1411, 1411), (1191, 1191)])
def test_the_largest_packet_is_found(carries: int, found: int) -> None:
    pair = Pair(PathSettings(delay_s=0.01, mtu_bytes=carries), WAY)
    transfer(pair, 20_000_000)
    pair.run_for(20)
    assert pair.left.stats()["mtu_bytes"] == found


def test_the_largest_size_is_reached_within_two_round_trips_of_the_first_full_window() -> None:
    pair = Pair(WAY, WAY)
    pair.connect()
    pair.run_for(0.1)
    for _ in range(4):
        pair.left.send(0, PPID_BINARY, MESSAGE)
    began = pair.now
    assert pair.run(lambda: pair.left.stats()["mtu_bytes"] == LARGEST_PACKET_BYTES)
    assert pair.now - began < 2 * 0.02 + 0.025


def test_a_path_that_shrinks_under_a_transfer_is_noticed() -> None:
    pair = searched()
    pair.paths[0].change(mtu_bytes=BASE_PACKET_BYTES)
    got = received(pair)
    for _ in range(20):
        pair.left.send(0, PPID_BINARY, MESSAGE)
    began = pair.now
    assert pair.run(lambda: len(got) == 20)
    assert pair.now - began < 2
    assert pair.left.stats()["mtu_bytes"] == BASE_PACKET_BYTES


def test_a_path_that_shrinks_is_noticed_although_small_packets_still_pass() -> None:
    """Each of them shows what was lost, so that no timeout is waited for."""
    pair = searched()
    pair.paths[0].change(mtu_bytes=BASE_PACKET_BYTES)
    got = received(pair)
    began = pair.now
    pair.left.send(0, PPID_BINARY, MESSAGE)
    while not got and pair.now - began < 10:
        pair.left.send(0, PPID_BINARY, b"small")
        pair.run_for(0.1)
    assert got[0] == MESSAGE
    assert pair.now - began < 0.5
    assert pair.left.stats()["timeouts"] == 0
    assert pair.left.stats()["mtu_bytes"] == BASE_PACKET_BYTES


def test_a_path_that_carries_less_but_more_than_the_base_is_used_as_far_as_it_goes() -> None:
    pair = searched()
    pair.paths[0].change(mtu_bytes=1331)
    got = received(pair)
    for _ in range(100):
        pair.left.send(0, PPID_BINARY, MESSAGE)
    assert pair.run(lambda: len(got) == 100)
    pair.run_for(30)
    assert pair.left.stats()["mtu_bytes"] == 1331


def test_after_an_outage_packets_are_as_large_as_before_within_seconds() -> None:
    """To the sender an outage looks like a black hole, and probes are lost in it as well."""
    pair = searched()
    got = received(pair)
    for path in pair.paths:
        path.judge = lambda _: True
    for _ in range(20):
        pair.left.send(0, PPID_BINARY, MESSAGE)
    pair.run_for(10)
    assert pair.left.stats()["mtu_bytes"] == BASE_PACKET_BYTES
    for path in pair.paths:
        path.judge = None
    pair.left.path_works(pair.now)
    assert pair.run(lambda: len(got) == 20)
    assert pair.run(lambda: pair.left.stats()["mtu_bytes"] == LARGEST_PACKET_BYTES, limit_s=5)


def test_a_path_whose_large_packets_vanish_but_for_probes_is_searched_no_more() -> None:
    pair = searched()
    got = received(pair)
    # A probe is a heartbeat; DATA that is as large vanishes.
    pair.paths[0].judge = lambda p: len(p) > BASE_PACKET_BYTES and p[12] == 0
    for _ in range(200):
        pair.left.send(0, PPID_BINARY, MESSAGE)
    assert pair.run(lambda: len(got) == 200)
    pair.run_for(60)
    for _ in range(20):
        pair.left.send(0, PPID_BINARY, MESSAGE)
    before = pair.left.stats()["lost_chunks"]
    assert pair.run(lambda: len(got) == 220)
    assert pair.left.stats()["lost_chunks"] == before


@pytest.mark.parametrize("loss", [0.01, 0.05, 0.1])
def test_losses_of_all_sizes_are_no_black_hole(loss: float) -> None:
    pair = searched()
    for path in pair.paths:
        path.change(loss=loss)
    got = received(pair)
    for _ in range(100):
        pair.left.send(0, PPID_BINARY, MESSAGE)
    sizes = set()
    while len(got) < 100:
        assert pair.step()
        sizes.add(pair.left.stats()["mtu_bytes"])
    assert sizes == {LARGEST_PACKET_BYTES}


def test_on_another_path_packets_are_small_until_it_has_carried_a_large_one() -> None:
    pair = searched()
    got = received(pair)
    pair.paths[0].change(mtu_bytes=BASE_PACKET_BYTES)
    pair.left.path_changed(pair.now)
    for _ in range(20):
        pair.left.send(0, PPID_BINARY, MESSAGE)
    assert pair.run(lambda: len(got) == 20)
    assert pair.left.stats()["lost_chunks"] == pair.left.stats()["timeouts"] == 0
    pair.paths[0].change(mtu_bytes=None)
    pair.left.path_changed(pair.now)
    assert pair.run(lambda: pair.left.stats()["mtu_bytes"] == LARGEST_PACKET_BYTES, limit_s=0.1)
