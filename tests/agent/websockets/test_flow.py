"""Large messages in bounded memory, and who waits for whom."""

from __future__ import annotations

import asyncio
import hashlib
import zlib
from pathlib import Path

from p2claw.agent.websockets.bridge import FRAME_BYTES
from p2claw.units import MIB
from tests.agent.websockets.joined import DEFLATE, joined
from tests.support.proxied import proxied
from tests.support.socket_upstreams import (
    BINARY,
    CONTINUATION,
    RSV1,
    TEXT,
    Accepting,
    Frame,
    RawSocket,
    close,
    echo,
    frame,
    socket_upstream,
)

LARGE = 64 * MIB


async def test_a_message_of_64_mib_arrives_in_frames_the_first_before_the_last_is_sent(
    tmp_path: Path,
) -> None:
    sizes: list[int] = []
    sha = hashlib.sha256()

    async def taking(socket: RawSocket) -> None:
        while True:
            found = await socket.frame()
            sizes.append(len(found.payload))
            sha.update(found.payload)
            if found.fin:
                await socket.send(close(1000))
                return

    data = b"0123456789abcdef" * (LARGE // 16)
    async with socket_upstream(taking) as upstream, proxied(upstream.url, tmp_path) as box:
        socket = await joined(box)
        await socket.send(data)
        assert await socket.receive() is None
    assert sha.digest() == hashlib.sha256(data).digest()
    assert max(sizes) < 2 * FRAME_BYTES


async def test_a_frame_of_64_mib_arrives(tmp_path: Path) -> None:
    async def giving(socket: RawSocket) -> None:
        await socket.send(frame(BINARY, bytes(LARGE)), close(1000))

    async with socket_upstream(giving) as upstream, proxied(upstream.url, tmp_path) as box:
        socket = await joined(box)
        assert await socket.receive() == bytes(LARGE)


async def test_a_message_of_128_kib_is_one_frame_and_a_text_is_cut_between_characters(
    tmp_path: Path,
) -> None:
    seen: list[Frame] = []

    async def taking(socket: RawSocket) -> None:
        for _ in range(4):
            seen.append(await socket.frame())
        await socket.send(close(1000))

    text = "☃" * (FRAME_BYTES // 3 + 10_000)
    async with socket_upstream(taking) as upstream, proxied(upstream.url, tmp_path) as box:
        socket = await joined(box)
        await socket.send(bytes(FRAME_BYTES - 1))
        await socket.send(b"")
        await socket.send(text)
        assert await socket.receive() is None
    assert [(item.opcode, item.fin) for item in seen] == [
        (BINARY, True),
        (BINARY, True),
        (TEXT, False),
        (CONTINUATION, True),
    ]
    assert seen[2].payload.decode() + seen[3].payload.decode() == text


async def test_an_app_that_does_not_read_stops_the_visitor(tmp_path: Path) -> None:
    reads = asyncio.Event()
    got = 0

    async def slow(socket: RawSocket) -> None:
        nonlocal got
        await reads.wait()
        while got < LARGE:
            got += len((await socket.frame()).payload)
        await socket.send(close(1000))

    sent = 0
    async with socket_upstream(slow) as upstream, proxied(upstream.url, tmp_path) as box:
        socket = await joined(box)

        async def pour() -> None:
            nonlocal sent
            for _ in range(LARGE // MIB):
                await socket.send(bytes(MIB))
                sent += MIB

        pouring = asyncio.create_task(pour())
        before = -1
        while before != sent:
            before = sent
            await asyncio.sleep(0.3)
        # The kernel's buffers on the way, ours, and the window.
        assert sent < 16 * MIB
        reads.set()
        await pouring
        assert await socket.receive() is None
    assert got == LARGE


async def test_a_visitor_that_does_not_read_stops_the_app(tmp_path: Path) -> None:
    given = 0

    async def pouring(socket: RawSocket) -> None:
        nonlocal given
        for _ in range(LARGE // MIB):
            await socket.send(frame(BINARY, bytes(MIB)))
            given += MIB
        await socket.send(close(1000))

    async with socket_upstream(pouring) as upstream, proxied(upstream.url, tmp_path) as box:
        socket = await joined(box)
        before = -1
        while before != given:
            before = given
            await asyncio.sleep(0.3)
        assert given < 16 * MIB
        got = 0
        while (message := await socket.receive()) is not None:
            got += len(message)
    assert got == given == LARGE


async def test_compressed_messages_go_both_ways(tmp_path: Path) -> None:
    async def deflating(socket: RawSocket) -> None:
        inflate, deflate = zlib.decompressobj(-15), zlib.compressobj(wbits=-15)
        for _ in range(2):
            found = await socket.frame()
            text = inflate.decompress(found.payload + b"\0\0\xff\xff")
            data = deflate.compress(text) + deflate.flush(zlib.Z_SYNC_FLUSH)
            await socket.send(frame(TEXT, data[:-4], flags=RSV1))
        await echo(socket)

    accepting = Accepting(fields=["Sec-WebSocket-Extensions: permessage-deflate"])
    async with (
        socket_upstream(deflating, accepting) as upstream,
        proxied(upstream.url, tmp_path) as box,
        await joined(box, fields=(DEFLATE,)) as socket,
    ):
        assert ("sec-websocket-extensions", "permessage-deflate") in socket.fields
        for text in ("woof " * 10_000, "wöof " * 10_000):
            await socket.send(text)
            assert await socket.receive() == text
