"""Ed25519 signatures that must not be taken, made with the arithmetic of RFC 8032 §5.1.4.

The points of small order are multiples of L times any point; all their encodings are tried, also
those that are not canonical.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from itertools import count

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT = pow(2, (P - 1) // 4, P)  # of -1

Point = tuple[int, int]
ZERO: Point = (0, 1)


def unsound() -> Iterator[tuple[str, bytes, bytes, bytes]]:
    """Name, public key, signed bytes, signature. The equation of §5.1.7 holds, where S is whole."""
    for number, (encoded, point) in enumerate(small_order()):
        signed, r = _signed_by_anybody(encoded, point)
        yield f"key of small order {number}", encoded, signed, r + bytes(32)
    signed = b"made by the holder of the key"
    secret, point = 7, multiply(7, base())
    key, one = encode(point), encode(ZERO)
    s = _hash(one, key, signed) * secret % L
    yield "R of small order", key, signed, one + _scalar(s)
    r = encode(multiply(9, base()))
    s = (9 + _hash(r, key, signed) * secret) % L
    yield "S is larger by the order", key, signed, r + _scalar(s + L)
    yield "S is far above the order", key, signed, r + b"\xff" * 32
    yield "S is cut off", key, signed, r + _scalar(s)[:31]
    yield "key that is cut off", key[:31], signed, r + _scalar(s)


def _signed_by_anybody(key: bytes, point: Point) -> tuple[bytes, bytes]:
    """What is signed, and R, where S is 0: R = -hA, which is one of eight points."""
    for number in count():
        signed = b"anybody may sign this, number %d" % number
        for factor in range(8):
            r = multiply(factor, multiply(L, generator_of_all()))
            if add(r, multiply(_hash(encode(r), key, signed) % L, point)) == ZERO:
                return signed, encode(r)
    raise AssertionError


def small_order() -> list[tuple[bytes, Point]]:
    """All encodings of the eight points, also those that are not canonical."""
    point = multiply(L, generator_of_all())
    found = {}
    for factor in range(8):
        x, y = multiply(factor, point)
        for written in (y, y + P):
            for sign in (0, 1):
                # Of x = 0 both signs are read by some.
                if written < 2**255 and (sign == x & 1 or x == 0):
                    found[(written | sign << 255).to_bytes(32, "little")] = (x, y)
    return sorted(found.items())


def _hash(r: bytes, key: bytes, signed: bytes) -> int:
    return int.from_bytes(hashlib.sha512(r + key + signed).digest(), "little")


def _scalar(value: int) -> bytes:
    return value.to_bytes(32, "little")


@functools.cache
def generator_of_all() -> Point:
    """The first point by its y whose order is 8 L."""
    y = 2
    while True:
        x = root((y * y - 1) * pow(D * y * y + 1, -1, P) % P)
        if x is not None and multiply(4 * L, (x, y)) != ZERO:
            return x, y
        y += 1


def base() -> Point:
    y = 4 * pow(5, -1, P) % P
    x = root((y * y - 1) * pow(D * y * y + 1, -1, P) % P)
    assert x is not None
    return (x if x % 2 == 0 else P - x), y


def root(square: int) -> int | None:
    found = pow(square, (P + 3) // 8, P)
    for candidate in (found, found * ROOT % P):
        if candidate * candidate % P == square:
            return candidate
    return None


def add(one: Point, other: Point) -> Point:
    (x1, y1), (x2, y2) = one, other
    product = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, P) % P
    y = (y1 * y2 + x1 * x2) * pow(1 - product, -1, P) % P
    return x, y


def multiply(factor: int, point: Point) -> Point:
    total = ZERO
    while factor:
        if factor & 1:
            total = add(total, point)
        point = add(point, point)
        factor >>= 1
    return total


def encode(point: Point) -> bytes:
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")
