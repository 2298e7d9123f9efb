"""Streams as tasks see them: order, waiting, failure."""

from __future__ import annotations

import asyncio
import hashlib
import random
from unittest import mock

import pytest

from p2claw.errors import LocalProtocolError, StreamResetError
from p2claw.link.stream import JOINED_BYTES, BoxStream
from p2claw.wire.frames.codec import CODEC
from p2claw.wire.frames.codes import Code, FrameType
from tests.link.pumps import GET, OK, POST, body_of, echo, eventually, linked


async def test_bodies_arrive_whole_both_ways() -> None:
    body = random.Random(7).randbytes(3_000_000)
    async with linked(echo) as link:
        stream = link.visitor.open(POST, end=False)

        async def send() -> None:
            for start in range(0, len(body), 100_000):
                await stream.write(body[start : start + 100_000])
            await stream.write(b"", end=True)

        sending = asyncio.create_task(send())
        got = await body_of(stream)
        await sending
        assert hashlib.sha256(got).digest() == hashlib.sha256(body).digest()


async def test_writing_waits_for_the_reader() -> None:
    written_bytes = 0

    async def handler(stream: BoxStream) -> None:
        nonlocal written_bytes
        await stream.respond(OK)
        for _ in range(100):
            await stream.write(bytes(65_536))
            written_bytes += 65_536
        await stream.write(b"", end=True)

    async with linked(handler) as link:
        stream = link.visitor.open(GET, end=True)
        await stream.response()
        for _ in range(200):
            await asyncio.sleep(0)
        stopped_at_bytes = written_bytes
        # The window of the reader and what may wait here; 6.5 MB were to be written.
        assert stopped_at_bytes <= 1_048_576 + 2 * 262_144
        assert len(await body_of(stream)) == 6_553_600


async def test_single_bytes_that_have_come_are_read_together() -> None:
    pieces: list[bytes] = []

    async def handler(stream: BoxStream) -> None:
        while piece := await stream.read(joined=True):
            pieces.append(piece)
        await stream.respond(OK, end=True)

    async with linked(handler) as link:
        stream = link.visitor.open(POST, end=False)
        await eventually(lambda: bool(link.box.session.streams))
        session = link.box.session
        before = session.counters.messages_in
        now = asyncio.get_running_loop().time()
        for byte in b"claws":
            session.receive(CODEC.encode_frame(FrameType.DATA, 0, stream.id, bytes([byte])), now)
        link.box._handle_events()
        await eventually(lambda: bool(pieces))
        assert session.counters.messages_in - before == len(b"claws")
        assert pieces == [b"claws"]


async def test_large_pieces_are_not_joined() -> None:
    async with linked(echo) as link:
        stream = link.visitor.open(GET, end=True)
        large = bytes(JOINED_BYTES)
        for piece in (b"a", large, b"b", large[1:], b"c"):
            stream.on_data(piece, False)
        stream._streams = mock.Mock()
        got = [stream.read_now() or b"" for _ in range(4)]
        assert [len(piece) for piece in got] == [1, JOINED_BYTES, JOINED_BYTES, 1]
        assert got[2][:1] == b"b"


async def test_reading_goes_on_to_the_end_of_what_came_before_a_reset() -> None:
    arrived = asyncio.Event()

    async def handler(stream: BoxStream) -> None:
        await stream.respond(OK)
        await stream.write(b"half of it")
        await arrived.wait()
        stream.reset(Code.UPSTREAM, "the app broke off")

    async with linked(handler) as link:
        stream = link.visitor.open(GET, end=True)
        await stream.response()
        arrived.set()
        await eventually(lambda: not link.visitor.session.streams)
        assert await stream.read() == b"half of it"
        with pytest.raises(StreamResetError, match="the app broke off") as caught:
            await stream.read()
        assert caught.value.reset_code == Code.UPSTREAM


async def test_a_reset_here_wakes_who_reads_here() -> None:
    async with linked(echo) as link:
        stream = link.visitor.open(POST, end=False)
        await stream.response()
        reading = asyncio.create_task(stream.read())
        await asyncio.sleep(0)
        stream.reset(Code.CANCEL)
        with pytest.raises(StreamResetError):
            await reading


async def test_a_response_before_the_end_of_the_request_is_kept() -> None:
    async def handler(stream: BoxStream) -> None:
        await stream.respond(OK)
        await stream.write(b"enough", end=True)

    async with linked(handler) as link:
        stream = link.visitor.open(POST, end=False)
        assert (await stream.response()).status == 200
        assert await body_of(stream) == b"enough"
        while link.visitor.session.streams:
            await link.visitor.news()
        with pytest.raises(StreamResetError) as caught:
            await stream.write(b"never wanted")
        assert caught.value.reset_code == Code.NO_ERROR


async def test_trailers_come_after_the_body() -> None:
    async def handler(stream: BoxStream) -> None:
        await stream.respond(OK)
        await stream.write(b"body")
        await stream.write_trailers((("checksum", "41"),))

    async with linked(handler) as link:
        stream = link.visitor.open(GET, end=True)
        assert await body_of(stream) == b"body"
        assert stream.trailers == (("checksum", "41"),)


async def test_two_tasks_may_not_read_one_stream() -> None:
    async with linked(echo) as link:
        stream = link.visitor.open(POST, end=False)
        await stream.response()
        reading = asyncio.create_task(stream.read())
        await asyncio.sleep(0)
        with pytest.raises(LocalProtocolError):
            await stream.read()
        reading.cancel()
