"""An app that misbehaves towards one visitor: the others of the same app are served by it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.hostile.neighbours import app, served_beside
from tests.support.proxied import Proxied, proxied
from tests.support.upstreams import OK, Talk, upstream_of


async def endless_head(talk: Talk) -> None:
    await talk.send(OK)
    await _without_end(talk, b"x-filler: " + b"a" * 1_000 + b"\r\n")


async def endless_interim(talk: Talk) -> None:
    await _without_end(talk, b"HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n")


async def endless_single_bytes(talk: Talk) -> None:
    await talk.send(OK + b"transfer-encoding: chunked\r\n\r\n")
    await _without_end(talk, b"1\r\nx\r\n")


async def endless_chunk_size(talk: Talk) -> None:
    await talk.send(OK + b"transfer-encoding: chunked\r\n\r\n")
    await _without_end(talk, b"0" * 1_000)


async def never_reads(talk: Talk) -> None:
    await asyncio.sleep(60)


async def _without_end(talk: Talk, part: bytes) -> None:
    """Again and again, with a turn for everybody else: app and agent share a loop here."""
    while True:
        await talk.send(part * 100)
        await asyncio.sleep(0)


EVIL = (endless_head, endless_interim, endless_single_bytes, endless_chunk_size, never_reads)


@pytest.mark.parametrize("evil", EVIL, ids=lambda one: one.__name__.replace("_", " "))
async def test_who_asks_for_something_else_is_served_beside(evil: object, tmp_path: Path) -> None:
    assert callable(evil)

    async def both(talk: Talk) -> None:
        line = await talk.reader.readline()
        talk.reader._buffer[:0] = line  # type: ignore[attr-defined]  # put back
        await (evil(talk) if line.startswith(b"PUT ") else app(talk))

    async def ask(hog: Proxied) -> None:
        for _ in range(6):
            hog.begin("PUT", "/evil", (("content-length", "0"),))
        await asyncio.sleep(1)

    async with (
        upstream_of(both) as upstream,
        proxied(upstream.url, tmp_path) as hog,
        hog.another("198.51.100.0/24") as neighbour,
    ):
        # Upstreams with both kinds of connections: an evil one is never used again.
        await served_beside(neighbour, ask(hog))
