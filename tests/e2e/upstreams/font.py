"""The smallest TrueType font that browsers accept: one empty glyph, for a space."""

from __future__ import annotations

import struct

HEAD = ">HHIIIHHqqhhhhHHhhh"


def font() -> bytes:
    """OpenType §"Font tables": cmap, glyf, head, hhea, hmtx, loca, maxp, name, OS/2, post."""
    cmap = struct.pack(">HHHHI", 0, 1, 3, 1, 12) + struct.pack(
        ">HHHHHHHHHHHHHHHH", 4, 32, 0, 4, 4, 1, 0, 32, 0xFFFF, 0, 32, 0xFFFF, 0x10000 - 32, 1, 0, 0
    )
    head = struct.pack(
        HEAD, 1, 0, 0x10000, 0, 0x5F0F3CF5, 3, 1000, 0, 0, 0, 0, 500, 500, 0, 8, 2, 0, 0
    )
    hhea = struct.pack(">HHhhhHhhhhhhhhhhhH", 1, 0, 800, -200, 0, 500, *(0,) * 11, 1)
    maxp = struct.pack(">IH13H", 0x10000, 1, 0, 0, 0, 0, 2, *(0,) * 8)
    name = struct.pack(">HHH", 0, 0, 6)
    os2 = struct.pack(
        ">HhHHHhhhhhhhhhhh10sIIII4sHHHhhhHHII",
        *(1, 500, 400, 5, 0, *(0,) * 11),
        *(b"", 1, 0, 0, 0, b"CRAB", 64, 32, 32, 800, -200, 0, 800, 200, 1, 0),
    )
    post = struct.pack(">IIhhIIIII", 0x30000, 0, 0, 0, 0, 0, 0, 0, 0)
    tables = {
        b"OS/2": os2,
        b"cmap": cmap,
        b"glyf": b"\0",
        b"head": head,
        b"hhea": hhea,
        b"hmtx": struct.pack(">Hh", 500, 0),
        b"loca": struct.pack(">HH", 0, 0),
        b"maxp": maxp,
        b"name": name,
        b"post": post,
    }
    return _file(tables)


def _file(tables: dict[bytes, bytes]) -> bytes:
    directory = struct.pack(">IHHHH", 0x10000, len(tables), 128, 3, len(tables) * 16 - 128)
    at = len(directory) + 16 * len(tables)
    body = b""
    for tag, table in tables.items():
        padded = table + b"\0" * (-len(table) % 4)
        directory += struct.pack(">4sIII", tag, _sum(padded), at + len(body), len(table))
        body += padded
    return directory + body


def _sum(table: bytes) -> int:
    words: tuple[int, ...] = struct.unpack(f">{len(table) // 4}I", table)
    return sum(words) & 0xFFFFFFFF
