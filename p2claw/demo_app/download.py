"""A download of any size whose bytes, and so whose SHA-256, are known in advance.

Every MiB is the same noise behind its own number, so a piece that is lost, repeated or moved shows.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from aiohttp import web

MIB = 1 << 20
MOST_MB = 100_000
DEFAULT_MB = 100
PIECE_BYTES = 256 * 1024
NOISE = hashlib.shake_256(b"a long way to the browser").digest(MIB - 8)

RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes first … last, both included, as in RFC 9110 §14."""

    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1


class UnsatisfiableError(Exception):
    """A range that begins behind the end."""


async def download(request: web.Request) -> web.StreamResponse:
    """`/download?mb=500`: the bytes, or the one range of them that is asked for."""
    size = _size_asked(request)
    etag = f'"noise-{size}"'
    headers = {
        "accept-ranges": "bytes",
        "etag": etag,
        "cache-control": "no-store",
        "content-type": "application/octet-stream",
        "content-disposition": f'attachment; filename="noise-{size // MIB}-mb.bin"',
    }
    asked = request.headers.get("range") if _range_holds(request, etag) else None
    try:
        span = parse_range(asked, size)
    except UnsatisfiableError:
        return web.Response(status=416, headers={"content-range": f"bytes */{size}"})
    whole = Span(0, size - 1)
    if span is not None:
        headers["content-range"] = f"bytes {span.first}-{span.last}/{size}"
    response = web.StreamResponse(status=206 if span else 200, headers=headers)
    response.content_length = (span or whole).length
    await response.prepare(request)
    if request.method != "HEAD":
        for piece in noise(span or whole):
            await response.write(piece)
    await response.write_eof()
    return response


async def download_facts(request: web.Request) -> web.Response:
    """`/api/download?mb=500`: how long the download is, and its SHA-256."""
    size = _size_asked(request)
    digest = await asyncio.to_thread(sha256_of, size)
    return web.json_response({"bytes": size, "sha256": digest})


def parse_range(text: str | None, size: int) -> Span | None:
    """The one range of a Range field, or None if all is to be sent.

    A field that is not understood, or that names several ranges, is ignored, as RFC 9110 §14.2
    allows. Raises UnsatisfiableError.
    """
    match = RANGE.fullmatch(text or "")
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        length = min(int(match[2]), size)
        if length == 0:
            raise UnsatisfiableError
        return Span(size - length, size - 1)
    first = int(match[1])
    last = min(int(match[2]), size - 1) if match[2] else size - 1
    if match[2] and int(match[2]) < first:
        return None
    if first >= size:
        raise UnsatisfiableError
    return Span(first, last)


def noise(span: Span) -> Iterator[memoryview]:
    """The bytes of span, in pieces."""
    at = span.first
    while at <= span.last:
        index, offset = divmod(at, MIB)
        block = memoryview(index.to_bytes(8, "big") + NOISE)
        end = min(MIB, offset + span.last - at + 1)
        for begin in range(offset, end, PIECE_BYTES):
            yield block[begin : min(begin + PIECE_BYTES, end)]
        at += end - offset


@lru_cache(maxsize=64)
def sha256_of(size: int) -> str:
    """The SHA-256 of the first size bytes, in hexadecimal. Takes about a second a GB."""
    digest = hashlib.sha256()
    for piece in noise(Span(0, size - 1)):
        digest.update(piece)
    return digest.hexdigest()


def _size_asked(request: web.Request) -> int:
    text = request.query.get("mb", str(DEFAULT_MB))
    if not (text.isascii() and text.isdigit() and len(text) < 8 and 1 <= int(text) <= MOST_MB):
        raise web.HTTPBadRequest(text=f"mb is a number from 1 to {MOST_MB}\n")
    return int(text) * MIB


def _range_holds(request: web.Request, etag: str) -> bool:
    """RFC 9110 §13.1.5: a range of something that has changed meanwhile is not sent."""
    return request.headers.get("if-range", etag) == etag
