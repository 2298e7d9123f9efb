"""Packets written by hand, as a hostile or careless peer would write them."""

from __future__ import annotations

import struct

from p2claw.dataplane.core._sctp import crc32c


def chunk(kind: int, value: bytes = b"", flags: int = 0) -> bytes:
    """RFC 9260 §3.2."""
    whole = struct.pack("!BBH", kind, flags, 4 + len(value)) + value
    return whole + bytes(-len(whole) % 4)


def packet(tag: int, *chunks: bytes, ports: tuple[int, int] = (5000, 5000)) -> bytes:
    """RFC 9260 §3.1, with the right checksum."""
    raw = struct.pack("!HHLL", *ports, tag, 0) + b"".join(chunks)
    return raw[:8] + struct.pack("<L", crc32c(raw)) + raw[12:]


def chunks_of(raw: bytes) -> list[tuple[int, int, bytes]]:
    """Type, flags and value of each chunk."""
    found, at = [], 12
    while at + 4 <= len(raw):
        kind, flags, length = struct.unpack_from("!BBH", raw, at)
        found.append((kind, flags, raw[at + 4 : at + length]))
        at += (length + 3) & ~3
    return found


def init(tag: int, tsn: int, kind: int = 1, parameters: bytes = b"") -> bytes:
    """RFC 9260 §3.3.2."""
    return chunk(kind, struct.pack("!LLHHL", tag, 1_000_000, 100, 100, tsn) + parameters)


def data(
    tsn: int,
    payload: bytes,
    *,
    stream: int = 0,
    ssn: int = 0,
    flags: int = 3,
    ppid: int = 53,
) -> bytes:
    """RFC 9260 §3.3.1."""
    return chunk(0, struct.pack("!LHHL", tsn & 0xFFFFFFFF, stream, ssn, ppid) + payload, flags)


def sack(cumulative: int, window: int = 1_000_000, gaps: tuple[tuple[int, int], ...] = ()) -> bytes:
    """RFC 9260 §3.3.4."""
    blocks = b"".join(struct.pack("!HH", *gap) for gap in gaps)
    return chunk(3, struct.pack("!LLHH", cumulative & 0xFFFFFFFF, window, len(gaps), 0) + blocks)
