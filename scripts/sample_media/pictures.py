"""The pictures: two PNGs computed pixel by pixel, and one SVG."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path

WIDTH, HEIGHT = 960, 600

Colour = tuple[int, int, int]

SKY_TOP: Colour = (38, 42, 92)
SKY_LOW: Colour = (252, 166, 112)
SUN: Colour = (255, 236, 196)
# From the far hills to the near ones: height, waves, colour.
HILLS: tuple[tuple[float, tuple[float, float], Colour], ...] = (
    (0.62, (97.0, 41.0), (206, 116, 110)),
    (0.70, (131.0, 57.0), (150, 78, 104)),
    (0.80, (173.0, 61.0), (92, 54, 90)),
    (0.90, (211.0, 83.0), (44, 34, 66)),
)

REEF_STOPS: tuple[Colour, ...] = (
    (9, 38, 62),
    (15, 124, 138),
    (120, 212, 208),
    (250, 240, 214),
    (232, 128, 92),
)
REEF_SHADES = 96

CRAB_SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" role="img" aria-label="A crab">
  <g fill="none" stroke="#c8452c" stroke-width="4" stroke-linecap="round">
    <path d="M16 40C9 41 6 46 5 52M18 45c-5 3-7 7-7 12M48 40c7 1 10 6 11 12M46 45c5 3 7 7 7 12"/>
    <path d="M19 32C10 30 8 24 9 17M45 32c9-2 11-8 10-15M27 26v-8M37 26v-8"/>
  </g>
  <path fill="#c8452c" d="M9 19C2 17 2 8 8 5c-1 4 1 6 3 6s4-2 3-6c6 4 4 12-5 14z"/>
  <path fill="#c8452c" d="M55 19c7-2 7-11 1-14 1 4-1 6-3 6s-4-2-3-6c-6 4-4 12 5 14z"/>
  <ellipse cx="32" cy="38" rx="19" ry="14" fill="#e5573b"/>
  <path d="M17 33a19 14 0 0 1 30 0" fill="none" stroke="#ff9a7e" stroke-width="3"
        stroke-linecap="round"/>
  <circle cx="27" cy="16" r="4.5" fill="#fff"/><circle cx="37" cy="16" r="4.5" fill="#fff"/>
  <circle cx="28" cy="16" r="2.2" fill="#1d2530"/><circle cx="36" cy="16" r="2.2" fill="#1d2530"/>
  <path d="M26 43q6 5 12 0" fill="none" stroke="#7c2413" stroke-width="2.5"
        stroke-linecap="round"/>
</svg>
"""


def make_crab(path: Path) -> None:
    """The mark of the app."""
    path.write_text(CRAB_SVG, encoding="utf-8")


def make_dusk(path: Path) -> None:
    """Hills in front of a setting sun, with soft edges."""
    ridges = [[_ridge(x, hill) for x in range(WIDTH)] for hill in HILLS]
    rows = (_dusk_row(y, ridges) for y in range(HEIGHT))
    path.write_bytes(_png(rows, colour_type=2))


def make_reef(path: Path) -> None:
    """Rings of water around three stones, in a palette of 96 colours."""
    palette = b"".join(bytes(_blend_stops(n / (REEF_SHADES - 1))) for n in range(REEF_SHADES))
    path.write_bytes(_png((_reef_row(y) for y in range(HEIGHT)), colour_type=3, palette=palette))


def _ridge(x: int, hill: tuple[float, tuple[float, float], Colour]) -> float:
    height, (long, short), _ = hill
    waves = math.sin(x / long + height * 9) * 34 + math.sin(x / short + height * 23) * 11
    return HEIGHT * height + waves


def _dusk_row(y: int, ridges: list[list[float]]) -> bytes:
    sky = _mix(SKY_TOP, SKY_LOW, min(1.0, y / (HEIGHT * 0.68)))
    sun_x, sun_y, radius = WIDTH * 0.64, HEIGHT * 0.5, 74.0
    row = bytearray()
    for x in range(WIDTH):
        away = math.hypot(x - sun_x, y - sun_y)
        colour = sky
        if away < 420:
            colour = _mix(colour, SUN, 0.5 * (1 - away / 420) ** 2)
        if away < radius + 1:
            colour = _mix(colour, SUN, min(1.0, radius + 1 - away))
        for ridge, (_, _, shade) in zip(ridges, HILLS, strict=True):
            cover = y - ridge[x]
            if cover > 0:
                colour = shade if cover >= 1 else _mix(colour, shade, cover)
        row += bytes(colour)
    return bytes(row)


def _reef_row(y: int) -> bytes:
    stones = ((250.0, 190.0, 23.0), (690.0, 250.0, 31.0), (420.0, 520.0, 41.0))
    row = bytearray()
    for x in range(WIDTH):
        wave = sum(math.sin(math.hypot(x - sx, y - sy) / size) for sx, sy, size in stones)
        row.append(min(REEF_SHADES - 1, int((wave + 3) / 6 * REEF_SHADES)))
    return bytes(row)


def _blend_stops(at: float) -> Colour:
    index, rest = divmod(at * (len(REEF_STOPS) - 1), 1)
    upper = REEF_STOPS[min(int(index) + 1, len(REEF_STOPS) - 1)]
    return _mix(REEF_STOPS[int(index)], upper, rest)


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    keep = 1 - share
    return (
        int(one[0] * keep + other[0] * share),
        int(one[1] * keep + other[1] * share),
        int(one[2] * keep + other[2] * share),
    )


def _png(rows: Iterable[bytes], *, colour_type: int, palette: bytes = b"") -> bytes:
    """A PNG of 8 bits a sample. Source: W3C PNG, §5 and §11; each row with filter 0 (none)."""
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, colour_type, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    parts = [_chunk(b"IHDR", header)]
    if palette:
        parts.append(_chunk(b"PLTE", palette))
    return b"\x89PNG\r\n\x1a\n" + b"".join([*parts, _chunk(b"IDAT", pixels), _chunk(b"IEND", b"")])


def _chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))
