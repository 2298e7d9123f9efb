"""Uploads: the hash of any body, and how far it has come."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator

from aiohttp.test_utils import TestClient

MIB = 1 << 20


async def test_the_hash_of_a_body_larger_than_memory_limits_comes_back(client: TestClient) -> None:
    piece = bytes(MIB)

    async def body() -> AsyncIterator[bytes]:
        for _ in range(8):
            yield piece

    facts = await (await client.post("/upload", data=body())).json()
    assert facts["received_bytes"] == 8 * MIB
    assert facts["sha256"] == hashlib.sha256(piece * 8).hexdigest()


async def test_how_far_an_upload_has_come_can_be_asked_meanwhile(client: TestClient) -> None:
    arrived = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"half"
        await arrived.wait()
        yield b"rest"

    upload = asyncio.create_task(client.post("/upload?id=one", data=body()))
    async with asyncio.timeout(10):
        while True:
            response = await client.get("/api/uploads/one")
            if response.status == 200 and (await response.json())["received_bytes"] == 4:
                break
            await asyncio.sleep(0.01)
    arrived.set()
    assert (await (await upload).json())["received_bytes"] == 8


async def test_an_upload_that_nobody_began_is_404(client: TestClient) -> None:
    assert (await client.get("/api/uploads/none")).status == 404
