"""Bodies that an app codes, asked or not, arrive as the same browser takes them directly."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.acts.beside import Beside, beside
from tests.e2e.stack import Stack
from tests.e2e.upstreams.raw import response
from tests.support.browser import Browser

TEXT = b"coded " * 400
GZIP = gzip.compress(TEXT)
# `zstd --no-check` and Node's brotliCompressSync of the same text.
ZSTD = bytes.fromhex("28b52ffd6060086d000030636f64656420010057895f8a")
BROTLI = bytes.fromhex("1b5f09f88d54b5bf241b7b2b90b2b82d0e401100d002")

# Large and hard to compress: it goes in many pieces, and waits for its reader.
LARGE = b"".join(
    zlib.crc32(n.to_bytes(4, "big")).to_bytes(4, "big").hex().encode() for n in range(400_000)
)

BODIES = {
    "gzip": ("gzip", GZIP),
    "gzip by its old name": ("x-gzip", GZIP),
    "gzip of two members": ("gzip", GZIP + gzip.compress(b"second")),
    "gzip with bytes behind it": ("gzip", GZIP + b"\0" * 16),
    "gzip without its checksum": ("gzip", GZIP[:-8]),
    "gzip with a wrong checksum": ("gzip", GZIP[:-8] + b"\1\2\3\4" + GZIP[-4:]),
    "gzip of nothing": ("gzip", b""),
    "gzip twice": ("gzip, gzip", gzip.compress(GZIP)),
    "what is no gzip": ("gzip", b"plain text"),
    "zlib": ("deflate", zlib.compress(TEXT)),
    "deflate alone": ("deflate", zlib.compress(TEXT)[2:-4]),
    "brotli": ("br", BROTLI),
    "brotli with bytes behind it": ("br", BROTLI + b"junk"),
    "brotli in gzip": ("br, gzip", gzip.compress(BROTLI)),
    "zstd": ("zstd", ZSTD),
    "a coding that nobody knows": ("aws-chunked", TEXT),
    "a large one": ("gzip", gzip.compress(LARGE, 1)),
}

READ = """async (path) => {
  try {
    const response = await fetch(path);
    const bytes = await response.arrayBuffer();
    const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return [response.status, bytes.byteLength, [...sum.subarray(0, 8)]];
  } catch (error) {
    return error.name;
  }
}"""


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def page(running_browser: Browser, shared_stack: Stack) -> AsyncIterator[Beside]:
    async with beside(running_browser, shared_stack, "codings") as opened:
        yield opened


@pytest.mark.parametrize("name", BODIES)
async def test_a_coded_body_arrives_as_it_does_directly(page: Beside, name: str) -> None:
    coding, body = BODIES[name]
    page.app.responses["/coded"] = response(body, "text/plain", f"Content-Encoding: {coding}")
    direct, through = await page.both(READ, "/coded")
    assert through == direct


async def test_coded_scripts_and_styles_work(page: Beside) -> None:
    script = response(
        gzip.compress(b"window.ran = 'gzip';"), "text/javascript", "Content-Encoding: gzip"
    )
    page.app.responses["/script.js"] = script
    run = """() => new Promise((done) => {
        const script = document.createElement("script");
        script.onload = () => done(window.ran);
        script.onerror = () => done("error");
        script.src = "/script.js";
        document.head.append(script);
    })"""
    direct, through = await page.both(run)
    assert through == direct == "gzip"
