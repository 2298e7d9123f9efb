"""Sends one open file: all of it, the ranges that are asked for, or nothing if it is unchanged.

Its fields are those of nginx and more: a strong ETag, Last-Modified, ranges also several at once,
If-Range, and a compressed twin that lies beside it (`app.js.br`, `app.js.gz`).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from p2claw.agent.folders.conditions import UnsatisfiableError, Version, precondition, ranges
from p2claw.agent.folders.pages import COMMON
from p2claw.agent.folders.reading import Disk, ShortFileError
from p2claw.agent.folders.tree import Opened


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that was found. kind: its Content-Type. coding: how these bytes are encoded, or "".

    has_twins: whether another encoding might have been chosen. status: 200, or 404 for the page
    that stands in for a missing one. is_boxed: a browser runs no script of it.
    """

    opened: Opened
    kind: str
    coding: str = ""
    has_twins: bool = False
    status: int = 200
    is_boxed: bool = False


def version_of(file: Opened) -> Version:
    """The state of a file. It changes if the file is replaced or written to; a compressed twin has
    its own."""
    facts = file.facts
    etag = f'"{facts.st_mtime_ns:x}-{facts.st_size:x}-{facts.st_ino:x}"'
    return Version(etag, int(facts.st_mtime))


async def respond_with(
    request: web.BaseRequest, found: FoundFile, disk: Disk
) -> web.StreamResponse:
    """Send the response, and return it. Raises OSError; ConnectionError if the visitor is gone."""
    version, size = version_of(found.opened), found.opened.facts.st_size
    fields = _fields(found, version)
    if found.status == 200 and (status := precondition(request.headers, version)):
        return web.Response(status=status, headers=fields)
    try:
        spans = _spans(request, found, version, size)
    except UnsatisfiableError:
        fields["Content-Range"] = f"bytes */{size}"
        return web.Response(status=416, headers=fields)
    if len(spans) > 1:
        return await _send_parts(request, found, disk, spans, fields)
    status, span = found.status, range(size)
    if spans:
        status, span = 206, spans[0]
        fields["Content-Range"] = _content_range(span, size)
    fields["Content-Type"] = found.kind
    response = web.StreamResponse(status=status, headers=fields)
    response.content_length = len(span)
    await response.prepare(request)
    if request.method != "HEAD":
        await _send(response, request, found, disk, span)
    return response


def _fields(found: FoundFile, version: Version) -> dict[str, str]:
    fields = {
        **COMMON,
        "Accept-Ranges": "bytes",
        # Files are changed in place: a visitor asks each time, and gets 304 if this one was not.
        "Cache-Control": "no-cache",
        "ETag": version.etag,
        "Last-Modified": version.modified,
    }
    if found.is_boxed:
        fields["Content-Security-Policy"] = "sandbox"
    if found.coding:
        fields["Content-Encoding"] = found.coding
    if found.has_twins:
        fields["Vary"] = "Accept-Encoding"
    return fields


def _spans(request: web.BaseRequest, found: FoundFile, version: Version, size: int) -> list[range]:
    if request.method != "GET" or found.status != 200:
        return []
    return ranges(request.headers, version, size)


def _content_range(span: range, size: int) -> str:
    return f"bytes {span.start}-{span.stop - 1}/{size}"


async def _send(
    response: web.StreamResponse,
    request: web.BaseRequest,
    found: FoundFile,
    disk: Disk,
    span: range,
) -> None:
    try:
        async for piece in disk.pieces(found.opened.descriptor, span):
            await response.write(piece)
    except ShortFileError:
        # The head has promised more bytes than there are. The connection is cut, so that the
        # visitor sees a download that broke off and does not keep half a file as a whole one.
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionResetError from None


async def _send_parts(
    request: web.BaseRequest,
    found: FoundFile,
    disk: Disk,
    spans: list[range],
    fields: Mapping[str, str],
) -> web.StreamResponse:
    """Several ranges as `multipart/byteranges`: RFC 9110 §14.6."""
    size = found.opened.facts.st_size
    boundary = secrets.token_hex(16)
    heads = [
        f"\r\n--{boundary}\r\nContent-Type: {found.kind}\r\n"
        f"Content-Range: {_content_range(span, size)}\r\n\r\n".encode()
        for span in spans
    ]
    last = f"\r\n--{boundary}--\r\n".encode()
    response = web.StreamResponse(status=206, headers=fields)
    response.headers["Content-Type"] = f"multipart/byteranges; boundary={boundary}"
    response.content_length = sum(map(len, heads)) + sum(map(len, spans)) + len(last)
    await response.prepare(request)
    for head, span in zip(heads, spans, strict=True):
        await response.write(head)
        await _send(response, request, found, disk, span)
    await response.write(last)
    return response
