"""The association against packets written by hand: what a peer may do, and may not."""

from __future__ import annotations

import struct

import pytest

from p2claw.dataplane.core._sctp import (
    Association,
    AssociationClosed,
    Established,
    MessageReceived,
)
from p2claw.errors import LocalProtocolError
from tests.dataplane.packets import chunk, chunks_of, data, init, packet, sack

TAG, PEER_TAG, PEER_TSN = 0x11111111, 0x22222222, 5000
SEED = struct.pack("!LLL", TAG, 1000, 1) + bytes(range(32))
DATA, INIT_ACK, SACK, ABORT, ERROR, COOKIE_ECHO, COOKIE_ACK, FORWARD = 0, 2, 3, 6, 9, 10, 11, 192


def make(**options: object) -> Association:
    return Association(server=True, seed=SEED, **options)  # type: ignore[arg-type]


def cookie_of(association: Association, now: float = 0.0, extensions: bytes = b"") -> bytes:
    """What the association seals for the INIT of our peer."""
    parameters = b"\xc0\x00\x00\x04" + extensions
    association.receive(packet(0, init(PEER_TAG, PEER_TSN, parameters=parameters)), now)
    (reply,) = association.to_send(now)
    ((kind, _, value),) = chunks_of(reply)
    assert kind == INIT_ACK
    at = 16
    while value[at : at + 2] != b"\x00\x07":
        at += (int.from_bytes(value[at + 2 : at + 4], "big") + 3) & ~3
    return value[at + 4 : at + int.from_bytes(value[at + 2 : at + 4], "big")]


def established(extensions: bytes = b"", **options: object) -> Association:
    association = make(zero_checksum=False, **options)
    cookie = cookie_of(association, extensions=extensions)
    association.receive(packet(TAG, chunk(COOKIE_ECHO, cookie)), 0.0)
    assert isinstance(association.next_event(), Established)
    association.to_send(0.0)
    return association


def replies(association: Association, now: float = 0.0) -> list[tuple[int, int, bytes]]:
    return [c for p in association.to_send(now) for c in chunks_of(p)]


def closed(association: Association) -> AssociationClosed:
    while event := association.next_event():
        if isinstance(event, AssociationClosed):
            return event
    raise AssertionError("it is open")


def test_an_init_gets_a_reply_and_nothing_is_remembered() -> None:
    association = make()
    first = cookie_of(association)
    assert association.stats()["state"] == "new"
    assert len(first) < 120


@pytest.mark.parametrize("at", [0, 8, 30, 50, 75])
def test_a_cookie_that_was_changed_is_dropped(at: int) -> None:
    association = make()
    forged = bytearray(cookie_of(association))
    forged[at] ^= 1
    association.receive(packet(TAG, chunk(COOKIE_ECHO, bytes(forged))), 0.0)
    assert association.next_event() is None
    assert association.stats()["bad_tag"] == 1


def test_a_cookie_of_another_key_is_dropped() -> None:
    other = Association(server=True, seed=SEED[:12] + bytes(32))
    association = make()
    association.receive(packet(TAG, chunk(COOKIE_ECHO, cookie_of(other))), 0.0)
    assert association.next_event() is None


def test_a_stale_cookie_gets_an_error() -> None:
    association = make()
    cookie = cookie_of(association)
    association.receive(packet(TAG, chunk(COOKIE_ECHO, cookie)), 61.0)
    assert association.next_event() is None
    assert [(k, v[:2]) for k, _, v in replies(association, 61.0)] == [(ERROR, b"\x00\x03")]


def test_a_wrong_tag_is_counted_and_dropped() -> None:
    association = established()
    association.receive(packet(TAG ^ 1, data(PEER_TSN, b"x")), 0.0)
    association.receive(packet(TAG ^ 1, chunk(ABORT)), 0.0)
    assert association.next_event() is None
    assert association.stats()["bad_tag"] == 2


def test_an_init_ack_without_a_checksum_is_accepted_by_who_offered_that() -> None:
    # RFC 9653 §5.3: usrsctp leaves the checksum out from its INIT-ACK on.
    association = make()
    association.connect(0.0)
    association.to_send(0.0)
    zero_checksum = struct.pack("!HHL", 0x8001, 8, 1)
    cookie = struct.pack("!HH4s", 7, 8, b"1234")
    reply = packet(TAG, init(PEER_TAG, PEER_TSN, INIT_ACK, zero_checksum + cookie))
    association.receive(reply[:8] + bytes(4) + reply[12:], 0.0)
    assert [kind for kind, _, _ in replies(association)] == [COOKIE_ECHO]


def test_a_wrong_checksum_is_counted_and_dropped() -> None:
    association = established()
    raw = bytearray(packet(TAG, data(PEER_TSN, b"x")))
    raw[-1] ^= 1
    association.receive(bytes(raw), 0.0)
    association.receive(b"short", 0.0)
    assert association.next_event() is None
    assert (association.stats()["bad_checksum"], association.stats()["malformed"]) == (1, 1)


def test_a_message_is_delivered_and_acknowledged_after_two_packets() -> None:
    association = established()
    association.receive(packet(TAG, data(PEER_TSN, b"one")), 0.0)
    assert replies(association) == []
    association.receive(packet(TAG, data(PEER_TSN + 1, b"two", ssn=1)), 0.0)
    ((kind, _, value),) = replies(association)
    assert (kind, int.from_bytes(value[:4], "big")) == (SACK, PEER_TSN + 1)
    got = [association.next_event(), association.next_event()]
    assert [e.data for e in got if isinstance(e, MessageReceived)] == [b"one", b"two"]


def sacks_of_a_batch(association: Association, first: int, count: int, now: float) -> int:
    """Receives packets that came together, as a reader of many would; what it sent back."""
    sacks = 0
    for i in range(first, first + count):
        association.receive(packet(TAG, data(PEER_TSN + i, bytes(1000), ssn=i)), now)
        if association.wants_to_send_now:
            sacks += sum(k == SACK for k, _, _ in replies(association, now))
    while association.next_event():
        pass
    return sacks + sum(k == SACK for k, _, _ in replies(association, now))


def test_every_second_packet_is_acknowledged_while_the_peer_grows() -> None:
    association = established()
    assert sacks_of_a_batch(association, 0, 40, 0.1) == 20
    for n in range(1, 100):  # then it goes on as fast, and one SACK for all is enough
        sacks = sacks_of_a_batch(association, 40 * n, 40, 0.1 + 0.01 * n)
    assert sacks == 1
    for n in range(100, 120):  # twice as fast: it grows again
        sacks = sacks_of_a_batch(association, 40 * n, 40, 1.1 + 0.005 * (n - 100))
    assert sacks == 20


def test_a_new_gap_is_reported_by_four_sacks_even_in_a_batch() -> None:
    association = established()
    for n in range(100):
        sacks_of_a_batch(association, 40 * n, 40, 0.01 * n)
    assert sacks_of_a_batch(association, 4001, 40, 1.0) == 5  # and the one for all the rest


def test_one_packet_is_acknowledged_after_20_ms() -> None:
    association = established()
    association.receive(packet(TAG, data(PEER_TSN, b"one")), 0.0)
    timeout = association.next_timeout()
    assert timeout == pytest.approx(0.02)
    association.handle_timeout(0.02)
    assert [k for k, _, _ in replies(association, 0.02)] == [SACK]


ASKS_FOR_SACK = 3 | 8  # a whole message, and RFC 7053


def asked(association: Association, number: int, now: float) -> list[int]:
    """What the association sends at once for a packet that asks for a SACK."""
    ask = data(PEER_TSN + number, b"request", ssn=number, flags=ASKS_FOR_SACK)
    association.receive(packet(TAG, ask), now)
    return [kind for kind, _, _ in replies(association, now)]


def respond(association: Association, now: float) -> list[int]:
    association.send(0, 53, b"response")
    return [kind for kind, _, _ in replies(association, now)]


def test_a_sack_that_is_asked_for_waits_for_a_reply_once_one_has_followed_another() -> None:
    association = established()
    assert asked(association, 0, 0.1) == [SACK]
    assert respond(association, 0.104) == [DATA]
    assert asked(association, 1, 0.2) == []
    assert association.next_timeout() == pytest.approx(0.205)
    assert respond(association, 0.204) == [SACK, DATA]
    assert asked(association, 2, 0.3) == []
    association.handle_timeout(0.305)
    assert [kind for kind, _, _ in replies(association, 0.305)] == [SACK]
    assert asked(association, 3, 0.4) == [SACK]


def test_a_sack_that_is_asked_for_does_not_wait_for_replies_that_come_late() -> None:
    association = established()
    for number in range(3):
        assert asked(association, number, number + 0.1) == [SACK]
        assert respond(association, number + 0.106) == [DATA]


def test_a_second_packet_does_not_wait_with_the_first_for_a_reply() -> None:
    association = established()
    asked(association, 0, 0.1)
    respond(association, 0.101)
    assert asked(association, 1, 0.2) == []
    assert asked(association, 2, 0.201) == [SACK]


def test_a_gap_is_reported_as_in_the_example_of_rfc_9260_3_3_4() -> None:
    association = established()
    for tsn, ssn in ((0, 0), (1, 1), (2, 2), (4, 4), (5, 5), (7, 7)):
        association.receive(packet(TAG, data(PEER_TSN + tsn, b"x", ssn=ssn)), 0.0)
    value = [v for k, _, v in replies(association) if k == SACK][-1]
    assert int.from_bytes(value[:4], "big") == PEER_TSN + 2
    assert struct.unpack("!HHHHHH", value[8:20]) == (2, 0, 2, 3, 5, 5)


def test_a_duplicate_is_reported_and_not_delivered_again() -> None:
    association = established()
    for _ in range(2):
        association.receive(packet(TAG, data(PEER_TSN, b"x")), 0.0)
    value = [v for k, _, v in replies(association) if k == SACK][-1]
    assert struct.unpack("!HHL", value[8:16]) == (0, 1, PEER_TSN)
    assert isinstance(association.next_event(), MessageReceived)
    assert association.next_event() is None


def test_a_stream_with_a_gap_does_not_hold_up_another() -> None:
    association = established()
    association.receive(packet(TAG, data(PEER_TSN + 1, b"b", stream=2)), 0.0)
    event = association.next_event()
    assert isinstance(event, MessageReceived)
    assert (event.stream, event.data) == (2, b"b")


def test_forward_tsn_skips_what_was_given_up() -> None:
    association = established()
    association.receive(packet(TAG, data(PEER_TSN + 1, b"late", ssn=1)), 0.0)
    assert association.next_event() is None
    skip = chunk(FORWARD, struct.pack("!LHH", PEER_TSN, 0, 0))
    association.receive(packet(TAG, skip), 0.0)
    event = association.next_event()
    assert isinstance(event, MessageReceived)
    assert event.data == b"late"


@pytest.mark.parametrize(
    "second",
    [
        data(PEER_TSN + 1, b"x", flags=3),
        data(PEER_TSN + 1, b"x", flags=1, stream=1),
        data(PEER_TSN + 1, b"x", flags=1, ssn=1),
    ],
    ids=["a beginning in the middle", "another stream", "another number"],
)
def test_fragments_that_do_not_belong_together_abort(second: bytes) -> None:
    association = established()
    association.receive(packet(TAG, data(PEER_TSN, b"x", flags=2), second), 0.0)
    assert closed(association).code == "bad-fragments"
    assert [k for k, _, _ in replies(association)] == [ABORT]


def test_data_without_data_aborts() -> None:
    association = established()
    association.receive(packet(TAG, data(PEER_TSN, b"")), 0.0)
    assert closed(association).code == "no-user-data"


def test_a_message_that_never_ends_aborts() -> None:
    association = established(receive_buffer_bytes=50_000)
    for i in range(100):
        association.receive(packet(TAG, data(PEER_TSN + i, bytes(1000), flags=0 if i else 2)), 0.0)
    assert closed(association).code == "message-too-large"


def test_the_window_closes_and_opens_with_the_events() -> None:
    association = established(receive_buffer_bytes=20_000)
    for i in range(30):
        association.receive(packet(TAG, data(PEER_TSN + i, bytes(1000), ssn=i)), 0.0)
    windows = [int.from_bytes(v[4:8], "big") for k, _, v in replies(association) if k == SACK]
    assert windows[-1] == 0
    assert association.stats()["dropped_in"] > 0
    while association.next_event():
        pass
    windows = [int.from_bytes(v[4:8], "big") for k, _, v in replies(association) if k == SACK]
    assert windows == [20_000]


def test_a_sack_for_what_was_never_sent_is_ignored() -> None:
    association = established()
    association.receive(packet(TAG, sack(4000)), 0.0)
    assert association.stats()["malformed"] == 1


def test_what_the_peer_reneges_on_is_sent_again() -> None:
    association = established()
    for i in range(4):
        association.send(0, 53, bytes([i]) * 1100)
    sent = [int.from_bytes(v[:4], "big") for k, _, v in replies(association) if k == DATA]
    association.receive(packet(TAG, sack(sent[0], gaps=((2, 3),))), 0.05)
    association.to_send(0.05)
    association.receive(packet(TAG, sack(sent[1])), 0.1)  # and no longer what came after it
    again = [int.from_bytes(v[:4], "big") for k, _, v in replies(association, 0.1) if k == DATA]
    assert set(again) >= {sent[2]}


def tsns_sent(association: Association, now: float, until: float) -> list[int]:
    """Of the DATA that leaves in that time, as the pacer lets it."""
    sent: list[int] = []
    while True:
        sent += [int.from_bytes(v[:4], "big") for k, _, v in replies(association, now) if k == DATA]
        timeout = association.next_timeout()
        if timeout is None or timeout > until:
            return sent
        now = max(now, timeout)
        association.handle_timeout(now)


def test_what_the_peer_waits_for_longest_is_repeated_first() -> None:
    association = established(controller="cubic")
    for i in range(5):
        association.send(0, 53, bytes([i]) * 1100)
    sent = tsns_sent(association, 0.0, 0.04)
    association.receive(packet(TAG, sack(sent[0] - 1, gaps=((2, 4),))), 0.05)
    assert tsns_sent(association, 0.05, 0.055) == sent[:1]
    association.send(0, 53, bytes(1100))
    assert tsns_sent(association, 0.06, 0.07) == [sent[4] + 1]
    # That arrives; the first is lost once more and the fifth for the first time.
    association.receive(packet(TAG, sack(sent[0] - 1, gaps=((2, 4), (6, 6)))), 0.12)
    assert tsns_sent(association, 0.12, 0.15) == [sent[0], sent[4]]


def test_an_unknown_chunk_is_treated_by_its_two_highest_bits() -> None:
    association = established()
    association.receive(packet(TAG, chunk(0x3F), data(PEER_TSN, b"x")), 0.0)
    assert association.next_event() is None
    association.receive(packet(TAG, chunk(0xBF), data(PEER_TSN, b"x")), 0.0)
    assert isinstance(association.next_event(), MessageReceived)
    association.receive(packet(TAG, chunk(0xFF)), 0.0)
    assert ERROR in [k for k, _, _ in replies(association)]


def test_a_peer_that_does_not_reply_is_given_up() -> None:
    association = make()
    association.connect(0.0)
    now = 0.0
    while (timeout := association.next_timeout()) is not None:
        association.to_send(now)
        now = timeout
        association.handle_timeout(now)
    assert closed(association).code == "no-answer"
    assert 30 < now < 70


def test_a_peer_that_goes_silent_is_given_up() -> None:
    association = established()
    association.send(0, 53, b"x")
    now = 0.0
    while (timeout := association.next_timeout()) is not None:
        association.to_send(now)
        now = timeout
        association.handle_timeout(now)
    assert closed(association).code == "no-answer"


def test_a_peer_that_begins_anew_ends_the_association() -> None:
    association = established()
    association.receive(packet(0, init(0x33333333, 1)), 1.0)
    (reply,) = association.to_send(1.0)
    ((_, _, value),) = chunks_of(reply)
    tag = int.from_bytes(value[:4], "big")
    assert tag != TAG
    at = (
        value.index(b"\x00\x07\x00\x50")
        if b"\x00\x07\x00\x50" in value
        else value.index(b"\x00\x07")
    )
    cookie = value[at + 4 : at + int.from_bytes(value[at + 2 : at + 4], "big")]
    association.receive(packet(tag, chunk(COOKIE_ECHO, cookie)), 1.0)
    assert closed(association).code == "restarted"


def test_what_is_wrongly_asked_is_refused() -> None:
    association = established()
    with pytest.raises(LocalProtocolError, match="no such stream"):
        association.send(100, 53, b"x")  # the peer has 100 streams
    with pytest.raises(LocalProtocolError, match="too long, or empty"):
        association.send(0, 50, b"")
    with pytest.raises(LocalProtocolError, match="no such stream"):
        association.reset_stream(77)
    association.abort("bye")
    with pytest.raises(LocalProtocolError, match="closed"):
        association.send(0, 53, b"x")


def test_a_full_send_buffer_refuses() -> None:
    association = established(send_buffer_bytes=10_000)
    association.send(0, 53, bytes(9_000))
    with pytest.raises(LocalProtocolError, match="full"):
        association.send(0, 53, bytes(2_000))


def test_bytes_wait_until_they_have_a_packet() -> None:
    association = established()
    association.send(0, 53, bytes(100_000))
    assert association.waiting_bytes == association.buffered_bytes == 100_000
    sent = sum(len(v) - 12 for k, _, v in replies(association) if k == DATA)
    assert association.waiting_bytes == 100_000 - sent > 0
    assert association.buffered_bytes == 100_000


def test_the_bytes_of_a_message_are_let_go_once_they_are_acknowledged() -> None:
    import sys

    association = established()
    message = bytes(1000)
    before = sys.getrefcount(message)
    association.send(0, 53, message)
    assert sys.getrefcount(message) == before + 1
    sent = [int.from_bytes(v[:4], "big") for k, _, v in replies(association) if k == DATA]
    association.receive(packet(TAG, sack(sent[-1])), 0.05)
    assert sys.getrefcount(message) == before
    assert association.buffered_bytes == 0


@pytest.mark.parametrize("admits_repeating", [False, True])
def test_a_gap_that_is_closed_from_below_fills_no_more_than_three_buffers(
    admits_repeating: bool,
) -> None:
    buffer_bytes = 100_000
    association = established(receive_buffer_bytes=buffer_bytes, admits_repeating=admits_repeating)
    association.receive(packet(TAG, data(PEER_TSN + 2_000, b"far", ssn=900)), 0.1)
    for at in range(1_500):
        association.receive(packet(TAG, data(PEER_TSN + at, bytes(1_000), ssn=1 + at % 800)), 0.2)
    assert association.stats()["dropped_in"] > 1_000
    assert association.stats()["buffered_in_bytes"] < 3 * buffer_bytes + 2_000
