"""The site that is measured: a page as build tools make them, a gallery, two files."""

from __future__ import annotations

import os
import random
import struct
import zlib
from pathlib import Path

from bench.figures import MB
from bench.path import write_file

PICTURES = 500
# As thumbnails are: 6 KB each.
PICTURE_SIDE = 45  # pixels
SMALL_BYTES = 1_000
# Three scripts of 120 KB and a style sheet of 40 KB: what a page of a common framework loads.
SCRIPTS = 3
SCRIPT_BYTES = 120_000
STYLE_BYTES = 40_000

LOCATIONS = """
location /assets/ { add_header Cache-Control "public, max-age=31536000, immutable"; }
location = /index.html { add_header Cache-Control "no-cache"; }
location /pictures/ { add_header Cache-Control "no-store"; }
location = /small { add_header Cache-Control "no-store"; }
location = /file { add_header Cache-Control "no-store"; }
"""


# A service worker that serves /ceiling/file by itself, in pieces as ours come in: what is left of
# the way of a download once there is no link, no worker and no port on it.
CEILING = """
self.oninstall = () => self.skipWaiting();
self.onactivate = (event) => event.waitUntil(clients.claim());
self.onfetch = (event) => {
  if (!event.request.url.endsWith("/ceiling/file")) return;
  let pieces = %d;
  const pull = (to) => (pieces-- > 0 ? to.enqueue(new Uint8Array(65_536)) : to.close());
  event.respondWith(new Response(new ReadableStream({ pull }, { highWaterMark: 0 })));
};
"""


def write_site(folder: Path, megabytes: int) -> None:
    www = folder / "www"
    for part in ("assets", "pictures"):
        (www / part).mkdir(parents=True, exist_ok=True)
    write_file(folder, "file", megabytes)
    (www / "ceiling").mkdir(exist_ok=True)
    (www / "ceiling" / "sw.js").write_text(CEILING % (megabytes * MB // 65_536))
    (www / "ceiling" / "index.html").write_text(_page("", ""))
    (www / "small").write_bytes(os.urandom(SMALL_BYTES))
    for number in range(SCRIPTS):
        (www / "assets" / f"part-{number}.js").write_text(_script(number))
    (www / "assets" / "style.css").write_text(".a{color:#123}\n" * (STYLE_BYTES // 15))
    scripts = "".join(
        f'<script defer src="/assets/part-{number}.js"></script>' for number in range(SCRIPTS)
    )
    style = '<link rel="stylesheet" href="/assets/style.css">'
    (www / "index.html").write_text(_page(style + scripts, "<h1>Ready</h1>"))
    for number in range(PICTURES):
        (www / "pictures" / f"{number}.png").write_bytes(_picture(number))
    shown = "".join(
        f'<img src="/pictures/{number}.png" width="20" height="20">' for number in range(PICTURES)
    )
    (www / "gallery.html").write_text(_page("", shown))


def _page(head: str, body: str) -> str:
    return f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Bench</title>{head}{body}'


def _script(number: int) -> str:
    table = ",".join(str(random.Random(i).random()) for i in range(SCRIPT_BYTES // 20))
    return f"window.part{number} = [{table}];\n"


def _picture(number: int) -> bytes:
    """A PNG of noise, which does not compress: 8 bits a channel, 24 a pixel."""
    noise = random.Random(number).randbytes(PICTURE_SIDE * PICTURE_SIDE * 3)
    row_bytes = PICTURE_SIDE * 3
    rows = b"".join(b"\0" + noise[at : at + row_bytes] for at in range(0, len(noise), row_bytes))
    size = struct.pack(">IIBBBBB", PICTURE_SIDE, PICTURE_SIDE, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", size), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
