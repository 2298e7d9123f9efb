"""Requests as they arrive: every field with its spelling and place, and the body."""

from __future__ import annotations

import asyncio
import hashlib
import re
from dataclasses import dataclass, field

HEAD_MAX_BYTES = 2**20
BODY_MAX_BYTES = 2**28
SHOWN_BYTES = 3000


@dataclass(slots=True)
class Request:
    method: str
    target: str
    version: str
    fields: list[tuple[str, str]]
    body: bytes = b""
    # Of a WebSocket: what came and how it ended, in order.
    frames: list[str] = field(default_factory=list)

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    def value(self, name: str) -> str | None:
        """The values of one field, joined as RFC 9110 §5.2 has it; None: it is not there."""
        found = [value for key, value in self.fields if key.lower() == name]
        return ", ".join(found) if found else None

    def length_without_boundaries(self) -> str | None:
        """Content-Length; of a form less its boundaries, as long as a browser likes each time."""
        length = self.value("content-length")
        found = re.search(r"boundary=([^;]+)", self.value("content-type") or "")
        if length is None or found is None:
            return length
        boundary = found[1].encode("latin-1")
        return str(int(length) - self.body.count(boundary) * len(boundary))

    def shown_body(self) -> str:
        """Short ones as they are (each byte one character), long ones by length and digest."""
        if len(self.body) <= SHOWN_BYTES:
            return self.body.decode("latin-1")
        return f"{len(self.body)} bytes, {hashlib.sha256(self.body).hexdigest()[:16]}"


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """The next request of a connection; None when there is no other."""
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = raw[:-4].decode("latin-1").split("\r\n")
    method, _, rest = first.partition(" ")
    target, _, version = rest.rpartition(" ")
    pairs = [line.partition(":") for line in lines]
    request = Request(method, target, version, [(n, v.strip(" \t")) for n, _, v in pairs])
    request.body = await _read_body(reader, request)
    return request


async def _read_body(reader: asyncio.StreamReader, request: Request) -> bytes:
    if "chunked" in (request.value("transfer-encoding") or "").lower():
        pieces = bytearray()
        while size := int((await reader.readline()).split(b";")[0], 16):
            pieces += await reader.readexactly(size)
            await reader.readexactly(2)
        while (await reader.readline()).strip():
            pass  # trailers
        return bytes(pieces)
    length = int(request.value("content-length") or 0)
    if length > BODY_MAX_BYTES:
        raise ValueError(f"a body of {length} bytes")
    return await reader.readexactly(length)
