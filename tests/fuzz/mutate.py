"""Inputs for a target: random bytes, and seeds with a few random changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

# Bytes that mean something at some border: of msgpack, of lengths, of flags, of text.
_EDGES = bytes((0, 1, 2, 4, 7, 8, 9, 0x0A, 0x0D, 0x20, 0x3F, 0x40, 0x7F, 0x80, 0x90, 0xA0))
_EDGES += bytes(
    (0xC0, 0xC1, 0xC4, 0xC7, 0xCA, 0xCF, 0xD3, 0xD4, 0xD9, 0xDB, 0xDD, 0xDF, 0xFE, 0xFF)
)
_LONGEST = 20_000


def inputs(seeds: Sequence[bytes], count: int, random: Random) -> Iterator[bytes]:
    """count inputs: the seeds themselves, then one in five random, the others mutated."""
    yield from seeds[:count]
    for _ in range(count - len(seeds)):
        if random.random() < 0.2:
            yield random.randbytes(random.choice((0, 1, 4, 8, 9, 12, 24, 60, 200)))
        else:
            yield mutated(random.choice(seeds), seeds, random)


def mutated(seed: bytes, seeds: Sequence[bytes], random: Random) -> bytes:
    """A seed with one to eight changes, mostly few: most of it must stay as it was."""
    data = bytearray(seed)
    for _ in range(random.choice((1, 1, 1, 1, 2, 2, 3, 8))):
        at = random.randrange(len(data) + 1)
        end = min(len(data), at + random.randint(1, 8))
        match random.randrange(9):
            case 0 if at < len(data):
                data[at] ^= 1 << random.randrange(8)
            case 1 if at < len(data):
                data[at] = random.choice(_EDGES)
            case 2 if at < len(data):
                data[at] = (data[at] + random.choice((-1, 1))) % 256
            case 3:
                data[at:at] = random.randbytes(random.randint(1, 8))
            case 4:
                del data[at:end]
            case 5:
                data[at:at] = data[at:end]
            case 6:
                del data[at:]
            case 7:
                other = random.choice(seeds)
                start = random.randrange(len(other) + 1)
                data[at:] = other[start:]
            case _:
                data[at:at] = data[at:end] * random.choice((2, 16, 100))
    return bytes(data[:_LONGEST])
