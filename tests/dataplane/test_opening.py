"""The handshake, and DATA that goes along with COOKIE-ECHO and COOKIE-ACK (RFC 9260 §5.1)."""

from __future__ import annotations

import pytest

from p2claw.dataplane.core._sctp import Association, Established, MessageReceived
from tests.dataplane.packets import chunk, chunks_of, data, init, packet
from tests.dataplane.test_association import (
    COOKIE_ACK,
    COOKIE_ECHO,
    DATA,
    PEER_TAG,
    PEER_TSN,
    SACK,
    TAG,
    cookie_of,
    make,
)
from tests.support.link_emulator import PathSettings
from tests.support.sctp_pair import Pair

COOKIE = b"a cookie of the peer"


def kinds(packets: list[bytes]) -> list[list[int]]:
    return [[kind for kind, _, _ in chunks_of(p)] for p in packets]


def echoing() -> Association:
    """One that connects, has messages waiting and was sent an INIT-ACK."""
    association = make(zero_checksum=False)
    association.connect(0.0)
    association.send(0, 53, b"early")
    association.send(0, 53, bytes(3000))
    association.to_send(0.0)
    parameters = chunk(0, COOKIE)[4:]
    parameters = b"\x00\x07" + (4 + len(COOKIE)).to_bytes(2, "big") + parameters
    association.receive(packet(TAG, init(PEER_TAG, PEER_TSN, 2, parameters)), 0.1)
    return association


def messages(association: Association) -> list[bytes]:
    got = []
    while event := association.next_event():
        if isinstance(event, MessageReceived):
            got.append(event.data)
    return got


def test_what_waits_goes_with_the_cookie_and_nothing_else_before_its_reply() -> None:
    association = echoing()
    (echo,) = association.to_send(0.1)
    assert chunks_of(echo)[0] == (COOKIE_ECHO, 0, COOKIE)
    assert kinds([echo]) == [[COOKIE_ECHO, DATA, DATA]]
    assert association.to_send(0.2) == []
    association.receive(packet(TAG, chunk(COOKIE_ACK)), 0.2)
    assert kinds(association.to_send(0.2)) == [[DATA], [DATA]]


def test_data_of_a_peer_whose_cookie_ack_was_lost_opens_the_association() -> None:
    association = echoing()
    association.to_send(0.1)
    association.receive(packet(TAG, data(PEER_TSN, b"request")), 0.2)
    assert isinstance(association.next_event(), Established)
    assert messages(association) == [b"request"]
    assert kinds(association.to_send(0.2))[0][0] == SACK
    association.receive(packet(TAG, chunk(COOKIE_ACK)), 0.3)  # it was late only
    assert association.next_event() is None


def test_data_under_another_tag_opens_nothing() -> None:
    association = echoing()
    association.to_send(0.1)
    association.receive(packet(TAG + 1, data(PEER_TSN, b"request")), 0.2)
    assert association.next_event() is None


def test_what_went_with_a_lost_cookie_goes_with_the_next_one() -> None:
    association = echoing()
    (first,) = association.to_send(0.1)
    timeout = association.next_timeout()
    assert timeout == pytest.approx(0.6)
    association.handle_timeout(0.6)
    (again,) = association.to_send(0.6)
    without_flags = [[(k, v) for k, _, v in chunks_of(p)] for p in (first, again)]
    assert without_flags[0] == without_flags[1]
    assert association.stats()["retransmits"] == 2


def test_a_stale_cookie_carries_the_data_along_to_the_next_one() -> None:
    association = echoing()
    (first,) = association.to_send(0.1)
    stale = chunk(9, b"\x00\x03\x00\x08" + bytes(4))
    association.receive(packet(TAG, stale), 0.2)
    assert kinds(association.to_send(0.2)) == [[1]]
    parameters = b"\x00\x07\x00\x08same"
    association.receive(packet(TAG, init(PEER_TAG, PEER_TSN, 2, parameters)), 0.3)
    (second,) = association.to_send(0.3)
    assert chunks_of(second)[0] == (COOKIE_ECHO, 0, b"same")
    assert [v[:4] for _, _, v in chunks_of(second)[1:]] == [
        v[:4] for _, _, v in chunks_of(first)[1:]
    ]


def test_data_behind_a_cookie_is_delivered_once_however_often_it_comes() -> None:
    association = make(zero_checksum=False)
    cookie = cookie_of(association)
    both = packet(TAG, chunk(COOKIE_ECHO, cookie), data(PEER_TSN, b"early", flags=3 | 8))
    association.receive(both, 0.1)
    assert isinstance(association.next_event(), Established)
    assert messages(association) == [b"early"]
    assert kinds(association.to_send(0.1)) == [[COOKIE_ACK, SACK]]
    association.receive(both, 0.7)
    assert messages(association) == []
    assert kinds(association.to_send(0.7)) == [[COOKIE_ACK, SACK]]
    assert association.stats()["duplicates_in"] == 1


def test_data_behind_a_forged_cookie_is_not_looked_at() -> None:
    association = make(zero_checksum=False)
    cookie = bytearray(cookie_of(association))
    cookie[20] ^= 1
    association.receive(
        packet(TAG, chunk(COOKIE_ECHO, bytes(cookie)), data(PEER_TSN, b"early")), 0.1
    )
    assert association.next_event() is None
    assert association.to_send(0.1) == []


def test_what_waits_goes_with_the_reply_to_a_cookie() -> None:
    association = make(zero_checksum=False)
    association.send(1, 53, b"waiting")
    cookie = cookie_of(association)
    association.receive(packet(TAG, chunk(COOKIE_ECHO, cookie)), 0.1)
    assert kinds(association.to_send(0.1)) == [[COOKIE_ACK, DATA]]


def test_data_behind_the_reply_to_a_cookie_is_delivered() -> None:
    association = echoing()
    association.to_send(0.1)
    association.receive(packet(TAG, chunk(COOKIE_ACK), data(PEER_TSN, b"at once")), 0.2)
    assert messages(association) == [b"at once"]


@pytest.mark.parametrize("both", [True, False], ids=["both connect", "one connects"])
@pytest.mark.parametrize("to_right", [set(), {0}, {1}, {0, 1}, {1, 2}])
@pytest.mark.parametrize("to_left", [set(), {0}, {1}, {0, 1}, {1, 2}])
def test_early_messages_arrive_once_whatever_of_the_handshake_is_lost(
    both: bool, to_right: set[int], to_left: set[int]
) -> None:
    pair = Pair(
        PathSettings(delay_s=0.02, drop=frozenset(to_right)),
        PathSettings(delay_s=0.02, drop=frozenset(to_left)),
    )
    early = [bytes([i]) * 700 for i in range(4)]
    for message in early:
        pair.left.send(0, 53, message)
        pair.right.send(1, 53, message)
    pair.connect(both)
    quiet = lambda: not any(side.buffered_bytes for side in pair.sides)  # noqa: E731
    assert pair.run(lambda: all(s.is_established for s in pair.sides) and quiet(), 20)
    for events in pair.events:
        assert [e.data for e in events if isinstance(e, MessageReceived)] == early


def test_the_handshake_measures_the_first_round_trip_time() -> None:
    pair = Pair(PathSettings(delay_s=0.03), PathSettings(delay_s=0.03))
    pair.connect(both=False)
    pair.run(lambda: pair.left.is_established)
    assert pair.left.stats()["rtt_ms"] == pytest.approx(60, rel=0.01)
