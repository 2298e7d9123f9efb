"""Chunks in the worst order: what an SCTP peer can make an association do."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable

from bench.costs import Case
from p2claw.dataplane.core._sctp import Association, Established
from tests.dataplane.packets import chunk, chunks_of, data, init, packet, sack

TAG, PEER_TAG, FIRST_TSN, OUR_TSN = 0x11111111, 0x22222222, 5000, 1000
SEED = struct.pack("!LLL", TAG, OUR_TSN, 1) + bytes(range(32))
BEGIN, END, WHOLE = 2, 1, 3
COOKIE_ECHO, RECONFIG, FORWARD = 10, 130, 192
SPOKEN = bytes.fromhex("c0000004 80080005 82000000")  # FORWARD-TSN, and RE-CONFIG
PIECE = b"\x00" * 1100
GAP_BLOCKS = 60  # in one SACK
ROUND_S, TICK_S = 0.2, 0.001
FAR = 100  # messages whose parts are far apart

Gaps = tuple[tuple[int, int], ...]


def established(repeats: bool = False) -> Association:
    """An association that a peer has just opened. repeats: the peer may, by itself."""
    association = Association(server=True, seed=SEED, zero_checksum=False, admits_repeating=repeats)
    hello = init(
        PEER_TAG, FIRST_TSN, parameters=b"\xc0\x00\x00\x04\x80\x08\x00\x05\x82\x00\x00\x00"
    )
    association.receive(packet(0, hello), 0.0)
    ((_, _, value),) = chunks_of(association.to_send(0.0)[0])
    at = 16
    while value[at : at + 2] != b"\x00\x07":
        at += (int.from_bytes(value[at + 2 : at + 4], "big") + 3) & ~3
    cookie = value[at + 4 : at + int.from_bytes(value[at + 2 : at + 4], "big")]
    association.receive(packet(TAG, chunk(COOKIE_ECHO, cookie)), 0.0)
    assert isinstance(association.next_event(), Established)
    association.to_send(0.0)
    return association


def fragments(order: Callable[[int], Iterable[int]]) -> Callable[[int], Callable[[], None]]:
    """One message in n fragments of one byte."""

    def make(n: int) -> Callable[[], None]:
        return feed(
            [
                data(FIRST_TSN + i, b"x", flags=BEGIN * (i == 0) | END * (i == n - 1))
                for i in order(n)
            ]
        )

    return make


def early(order: Callable[[int], Iterable[int]]) -> Callable[[int], Callable[[], None]]:
    """n messages that wait for one before them; it comes last."""

    def make(n: int) -> Callable[[], None]:
        waiting = [data(FIRST_TSN + 1 + i, b"x", ssn=ssn) for i, ssn in enumerate(order(n))]
        return feed([*waiting, data(FIRST_TSN, b"x", ssn=0)])

    return make


def gaps(n: int) -> Callable[[], None]:
    """Every other TSN, from the highest down, and then those between."""
    chunks = [data(FIRST_TSN + 2 * i, b"x", ssn=2 * i) for i in range(n, 0, -1)]
    chunks += [data(FIRST_TSN + 2 * i + 1, b"x", ssn=2 * i + 1) for i in range(n)]
    return feed(chunks)


def streams(n: int) -> Callable[[], None]:
    """n streams, from the highest number down."""
    return feed([data(FIRST_TSN + i, b"x", stream=n - i) for i in range(n)])


def channels(n: int) -> Callable[[], None]:
    """n channels opened, one reset after each; nothing of ours is acknowledged."""
    chunks = []
    for i in range(n):
        opening = b"\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
        chunks.append(data(FIRST_TSN + i, opening, stream=2 * i, ppid=50))
        request = struct.pack("!HHLLLH", 13, 18, FIRST_TSN + i, OUR_TSN - 1, FIRST_TSN + i, 2 * i)
        chunks.append(chunk(RECONFIG, request))
    return feed(chunks)


def skipped(n: int) -> Callable[[], None]:
    """FORWARD-TSN, one TSN at a time, with a list of streams in each."""
    named = b"".join(struct.pack("!HH", stream, 0) for stream in range(100))
    return feed(
        [chunk(FORWARD, struct.pack("!L", FIRST_TSN + i) + named) for i in range(n)], drained=True
    )


def skipped_far(apart: int) -> Callable[[], None]:
    """Beginnings of messages, so far apart, each skipped at once."""
    chunks = []
    for i in range(FAR):
        tsn = FIRST_TSN + i * (apart + 1) + apart
        chunks.append(data(tsn, b"x", ssn=i, flags=BEGIN))
        chunks.append(chunk(FORWARD, struct.pack("!L", tsn)))
    return feed(chunks)


def repeated_far(apart: int) -> Callable[[], None]:
    """Messages of two fragments that are so far apart, and what is missing in between."""
    chunks = [data(FIRST_TSN, _frame(bytes(4)))]
    for i in range(FAR):
        tsn, ssn = FIRST_TSN + 1 + i * (apart + 2), 1 + 2 * i
        chunks.append(data(tsn, b"a", ssn=ssn, flags=BEGIN))
        chunks.append(data(tsn + apart, b"c", ssn=ssn, flags=END))
        missing = _frame(struct.pack("!HLL", ssn, 1, 3) + b"b")
        chunks.append(data(tsn + apart + 1, missing, ssn=ssn + 1))
    return feed(chunks, repeats=True)


def _frame(payload: bytes) -> bytes:
    """docs/WIRE.md §18."""
    return struct.pack("!HBBL", len(payload), 0x43, 0, 0) + payload


def acknowledgements(above: Callable[[int, int], Gaps]) -> Callable[[int], Callable[[], None]]:
    """n chunks of ours are in flight, and acknowledged one by one.

    above: what else a SACK names, of its number and of how many chunks are above it.
    """

    def make(n: int) -> Callable[[], None]:
        association, now, acked, flight = established(), 0.0, OUR_TSN - 1, 0
        while flight < n:  # a peer that acknowledges all, until so many fit the window
            acked += flight
            association.receive(packet(TAG, sack(acked, 2**31)), now)
            while association.stats()["waiting_bytes"] < 2 * n * len(PIECE):
                association.send(0, 53, PIECE)
            until, flight = now + ROUND_S, 0
            while now < until:
                while packets := association.to_send(now):
                    flight += sum(kind == 0 for one in packets for kind, _, _ in chunks_of(one))
                now += TICK_S
        packets = [packet(TAG, sack(acked + i, 2**31, gaps=above(i, flight - i))) for i in range(n)]

        def run() -> None:
            for one in packets:
                association.receive(one, now)

        return run

    return make


def all_or_none(number: int, above: int) -> Gaps:
    """A peer that takes back what it has acknowledged, again and again (RFC 9260 §6.2.1)."""
    return ((2, above),) if number % 2 == 0 and above > 2 else ()


def spots(number: int, above: int) -> Gaps:
    """As many gaps as a packet holds."""
    return tuple((at, at) for at in range(3, min(above, 2 * GAP_BLOCKS), 2))


def feed(chunks: list[bytes], *, drained: bool = True, repeats: bool = False) -> Callable[[], None]:
    """A packet a chunk, to an association that is new."""
    association, packets = established(repeats), [packet(TAG, one) for one in chunks]

    def run() -> None:
        for one in packets:
            association.receive(one, 0.0)
        while drained and association.next_event() is not None:
            pass

    return run


def split(n: int) -> Iterable[int]:
    """Two runs that grow towards each other from within."""
    middle = n // 2
    return [*range(middle - 1, -1, -1), *range(n - 1, middle - 1, -1)]


CASES = {
    "fragments in order": Case(8_000, fragments(range)),
    "fragments in reverse": Case(8_000, fragments(lambda n: range(n - 1, -1, -1))),
    "fragments in two runs": Case(8_000, fragments(split)),
    "messages in reverse": Case(8_000, early(lambda n: range(n, 0, -1))),
    "messages below a high one": Case(8_000, early(lambda n: [n + 1, *range(1, n)])),
    "gaps": Case(250, gaps),
    "sctp streams": Case(500, streams),
    "channels opened and reset": Case(500, channels),
    "skipped messages": Case(2_000, skipped),
    "acknowledged in order": Case(2_000, acknowledgements(lambda number, above: ())),
    "acknowledged in spots": Case(2_000, acknowledgements(spots)),
    "acknowledged and taken back": Case(2_000, acknowledgements(all_or_none)),
}

# What a peer chooses here is how far apart chunks are, and not how many.
APART = {"far skips": skipped_far, "far parts": repeated_far}
APART_MOST = 32_000  # of TSNs above the cumulative one 32,768 are acknowledged
