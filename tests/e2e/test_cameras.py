"""A camera's endless picture (`multipart/x-mixed-replace`) moves, and ends when it is let go."""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import AsyncIterator

import pytest_asyncio

from tests.e2e.acts.beside import Beside, beside
from tests.e2e.stack import Stack
from tests.e2e.upstreams.raw import Request
from tests.support.browser import Browser, until

FRAME_S = 0.1
# How many different widths are seen, of those that take turns.
WATCH = """(path) => new Promise((done) => {
  const image = new Image();
  const seen = new Set();
  window.image = image;
  image.onerror = () => done("error");
  image.src = path;
  document.body.append(image);
  const look = setInterval(() => {
    if (image.naturalWidth) seen.add(image.naturalWidth);
    if (seen.size < 3) return;
    clearInterval(look);
    done([...seen].sort());
  }, 20);
})"""


def _png(width: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", width, 1, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0" + bytes(width))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


async def _film(_: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n"
    )
    number = 0
    while not writer.is_closing():
        picture = _png(3 + number % 3)
        number += 1
        writer.write(
            b"--frame\r\nContent-Type: image/png\r\nContent-Length: %d\r\n\r\n%s\r\n"
            % (len(picture), picture)
        )
        await writer.drain()
        await asyncio.sleep(FRAME_S)


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def page(running_browser: Browser, shared_stack: Stack) -> AsyncIterator[Beside]:
    async with beside(running_browser, shared_stack, "camera") as opened:
        opened.app.responses["/camera"] = _film
        yield opened


async def test_a_picture_moves_until_it_is_let_go(page: Beside) -> None:
    direct, through = await page.both(WATCH, "/camera")
    assert through == direct == [3, 4, 5]
    assert page.app.open.count("/camera") == 2
    await page.both("() => { image.src = 'data:,'; image.remove(); }")
    await until(lambda: "/camera" not in page.app.open, timeout_s=15, what="the app notices")
