"""The program by which the kernel gives each datagram to the worker that it is for. Pure.

The sockets of a port that several workers share are a group (SO_REUSEPORT). By itself the kernel
chooses one by a hash of the addresses. This program, in the classic form of Berkeley packet
filters, which needs no rights, chooses better: a check of ICE by the place that its ufrag names,
whatever comes from a visitor's address by the list of flows, a STUN response by its transaction,
and the rest by a hash of its own, which belongs to nobody. Where it is wrong, because a visitor has
come or moved a moment ago, the workers hand datagrams over to each other.

Source: linux/filter.h; Documentation/networking/filter.rst. A load beyond the end of a datagram
ends the program with 0, which is the first worker's socket.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

# A program has at most 4,096 instructions (BPF_MAXINSNS): some 60, and for BUCKET flows at most
# 2 + BUCKET + 1 + BUCKET. Of more flows, those with the highest hashes are handed over by workers.
FLOWS = 1_800
BUCKET = 16

# Of the payload, by offset. SKF_NET_OFF: of the IP header.
_NET = 0x1_0000_0000 - 0x10_0000

_BYTE, _HALF, _WORD = 0x30, 0x28, 0x20  # ld [k]
_SET = 0x00  # ld #k
_SET_X = 0x01  # ldx #k
_ADD, _SUB, _MUL, _SHIFT, _MOD, _XOR_X = 0x04, 0x14, 0x24, 0x74, 0x94, 0xAC
_TO_X, _FROM_X = 0x07, 0x87
_JUMP, _EQUAL, _GREATER, _AT_LEAST = 0x05, 0x15, 0x25, 0x35
_CHOOSE, _CHOOSE_A = 0x06, 0x16

# STUN: a binding request; USERNAME as the first attribute, where its ufrag begins, the place in it
# of an answer and of a dial; the transaction (RFC 8489 §5, §14.3; `place_in` of the data plane).
_REQUEST, _RESPONSE, _USERNAME = 0x0001, 0x01, 0x0006
_FIRST_ATTRIBUTE, _UFRAG, _OF_ANSWER, _OF_DIAL, _TRANSACTION = 20, 24, 25, 32, 8

# For a datagram with options or extensions of IP. Beyond the last socket: the kernel's own hash.
_KERNELS = 0xFFFF_FFFF


class _Code:
    """Instructions with names for where to jump."""

    def __init__(self) -> None:
        self._made: list[tuple[int, str, str, int | str]] = []
        self._at: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._made)

    def add(self, code: int, k: int | str = 0, true: str = "", false: str = "") -> None:
        """k: a number, or where `_JUMP` leads. true, false: "" is the next instruction."""
        self._made.append((code, true, false, k))

    def name(self, name: str) -> None:
        self._at[name] = len(self._made)

    def pack(self) -> bytes:
        """struct sock_filter of each."""
        packed = []
        for number, (code, true, false, k) in enumerate(self._made):
            after = number + 1
            far = self._at[k] - after if isinstance(k, str) else k
            jumps = [self._at[name] - after if name else 0 for name in (true, false)]
            packed.append(struct.pack("=HBBI", code, *jumps, far))
        return b"".join(packed)


def steering(key: int, multiplier: int, places: int, flows: Iterable[tuple[int, int]]) -> bytes:
    """The program for so many places.

    key, multiplier: of the hash. flows: the hash of each, and its place.
    """
    code = _Code()
    _by_ufrag(code, places)
    _hash(code, key, multiplier)
    listed = {h: place for h, place in flows if place < places and h % places != place}
    _tree(code, sorted(listed.items())[:FLOWS])
    code.name("default")
    code.add(_BYTE, 0)
    code.add(_EQUAL, _RESPONSE, "", "by hash")
    code.add(_BYTE, _TRANSACTION)
    code.add(_AT_LEAST, places, "by hash")
    code.add(_CHOOSE_A)
    code.name("by hash")
    code.add(_FROM_X)
    code.add(_MOD, places)
    code.add(_CHOOSE_A)
    return code.pack()


def _by_ufrag(code: _Code, places: int) -> None:
    code.add(_HALF, 0)
    code.add(_EQUAL, _REQUEST, "", "by flow")
    code.add(_HALF, _FIRST_ATTRIBUTE)
    code.add(_EQUAL, _USERNAME, "", "by flow")
    code.add(_BYTE, _UFRAG)
    code.add(_EQUAL, ord("A"), "dial")
    code.add(_BYTE, _OF_ANSWER)
    code.add(_JUMP, "character")
    code.name("dial")
    code.add(_BYTE, _OF_DIAL)
    code.name("character")  # of base64, to its number
    code.add(_AT_LEAST, ord("a"), "small")
    code.add(_AT_LEAST, ord("A"), "capital")
    code.add(_AT_LEAST, ord("0"), "digit")
    code.add(_EQUAL, ord("+"), "plus")
    code.add(_SET, 63)
    code.add(_JUMP, "place")
    code.name("plus")
    code.add(_SET, 62)
    code.add(_JUMP, "place")
    code.name("small")
    code.add(_SUB, ord("a") - 26)
    code.add(_JUMP, "place")
    code.name("capital")
    code.add(_SUB, ord("A"))
    code.add(_JUMP, "place")
    code.name("digit")
    code.add(_ADD, 52 - ord("0"))
    code.name("place")
    code.add(_AT_LEAST, places, "by flow")
    code.add(_CHOOSE_A)
    code.name("by flow")


def _hash(code: _Code, key: int, multiplier: int) -> None:
    """`flow_hash` of the data plane; into A and X."""
    code.add(_BYTE, _NET)
    code.add(_EQUAL, 0x45, "four")  # IPv4 without options
    code.add(_SHIFT, 4)
    code.add(_EQUAL, 6, "", "other")
    code.add(_BYTE, _NET + 6)
    code.add(_EQUAL, 17, "six", "other")  # UDP is next
    code.name("other")
    code.add(_CHOOSE, _KERNELS)
    code.name("six")
    code.add(_SET_X, key)
    for offset in (8, 12, 16, 20):
        _mix(code, _WORD, _NET + offset, multiplier)
    code.add(_HALF, _NET + 40)
    code.add(_JUMP, "port")
    code.name("four")
    prefix = key
    for word in (0, 0, 0xFFFF):  # ::ffff:a.b.c.d
        prefix = (prefix ^ word) * multiplier & 0xFFFF_FFFF
        prefix ^= prefix >> 15
    code.add(_SET_X, prefix)
    _mix(code, _WORD, _NET + 12, multiplier)
    code.add(_HALF, _NET + 20)
    code.name("port")
    _mix(code, None, 0, multiplier)


def _mix(code: _Code, load: int | None, offset: int, multiplier: int) -> None:
    if load is not None:
        code.add(load, offset)
    code.add(_XOR_X)
    code.add(_MUL, multiplier)
    code.add(_TO_X)
    code.add(_SHIFT, 15)
    code.add(_XOR_X)
    code.add(_TO_X)


def _tree(code: _Code, flows: list[tuple[int, int]]) -> None:
    """Find the hash in A. flows: sorted."""
    if len(flows) > BUCKET:
        middle = len(flows) // 2
        right = f"right {len(code)}"
        code.add(_AT_LEAST, flows[middle][0], "", f"left {len(code)}")
        code.add(_JUMP, right)
        code.name(f"left {len(code) - 2}")
        _tree(code, flows[:middle])
        code.name(right)
        _tree(code, flows[middle:])
        return
    here = len(code)
    for value, place in flows:
        code.add(_EQUAL, value, f"{here} to {place}")
    code.add(_JUMP, "default")
    for place in dict.fromkeys(place for _, place in flows):
        code.name(f"{here} to {place}")
        code.add(_CHOOSE, place)
