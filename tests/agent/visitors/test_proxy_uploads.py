"""Request bodies through the proxy: framed, bounded, stopped when nobody wants the rest."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from p2claw.agent.home.routes import Route
from p2claw.config import AgentLimits, SpoolLimits, UpstreamLimits
from p2claw.errors import StreamResetError
from p2claw.link.stream import VisitorStream
from p2claw.units import MIB
from p2claw.wire.frames.codes import Code
from tests.support.proxied import proxied, whole
from tests.support.upstreams import OK, Talk, echo, upstream_of

LIMITS = AgentLimits(upstream=UpstreamLimits(head_s=5, wait_s=5))


async def test_a_body_with_a_length_is_streamed(tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def watching(talk: Talk) -> None:
        request = await talk.head()
        assert request is not None
        first = await talk.reader.readexactly(3)
        begun.set()
        await talk.respond(first + await talk.reader.readexactly(2))

    async with upstream_of(watching) as upstream, proxied(upstream.url, tmp_path) as box:
        stream = box.begin("PUT", fields=(("content-length", "5"),), end=False)
        await stream.write(b"hel")
        await begun.wait()
        await stream.write(b"lo", end=True)
        assert (await whole(stream)).body == b"hello"
        assert upstream.requests[0].values("content-length") == ["5"]


@pytest.mark.parametrize("size", [0, 1, 100_000, 3 * MIB])
async def test_a_body_without_a_length_gets_one(size: int, tmp_path: Path) -> None:
    body = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    async with upstream_of(echo) as upstream, proxied(upstream.url, tmp_path) as box:
        assert (await box.ask("POST", body=body)).body == body
        assert upstream.requests[0].values("content-length") == [str(size)]
        assert upstream.requests[0].values("transfer-encoding") == []


async def test_an_app_that_reads_chunks_need_not_wait_for_the_end(tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def watching(talk: Talk) -> None:
        await talk.head()
        assert await talk.reader.readuntil(b"\r\n") == b"3\r\n"
        begun.set()
        rest = await talk.reader.readuntil(b"0\r\n\r\n")
        await talk.respond(rest)

    def chunked(route: Route) -> Route:
        return replace(route, chunked=True)

    async with (
        upstream_of(watching) as upstream,
        proxied(upstream.url, tmp_path, change=chunked) as box,
    ):
        stream = box.begin("PUT", end=False)
        await stream.write(b"hel")
        await begun.wait()
        await stream.write(b"lo", end=True)
        assert (await whole(stream)).body == b"hel\r\n2\r\nlo\r\n0\r\n\r\n"


async def test_a_large_upload_arrives_whole(tmp_path: Path) -> None:
    async def hashing(talk: Talk) -> None:
        head = await talk.head()
        assert head is not None
        digest, left = hashlib.sha256(), int(head.values("content-length")[0])
        while left:
            piece = await talk.reader.read(min(left, 65_536))
            digest.update(piece)
            left -= len(piece)
        await talk.respond(digest.hexdigest().encode())

    body = bytes(range(256)) * (20 * MIB // 256)
    fields = (("content-length", str(len(body))),)
    async with upstream_of(hashing) as upstream, proxied(upstream.url, tmp_path) as box:
        response = await box.ask("POST", fields=fields, body=body)
    assert response.body.decode() == hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize(("length", "body"), [("3", b"hello"), ("0", b"x")], ids=["more", "any"])
async def test_a_body_that_is_longer_than_its_length_never_begins(
    length: str, body: bytes, tmp_path: Path
) -> None:
    async with upstream_of(echo) as upstream, proxied(upstream.url, tmp_path) as box:
        response = await box.ask("POST", fields=(("content-length", length),), body=body)
        assert (response.status, response.error, upstream.connections) == (400, "bad-request", 0)


async def test_a_body_that_is_shorter_than_its_length_never_counts(tmp_path: Path) -> None:
    responded = asyncio.Event()

    async def patient(talk: Talk) -> None:
        await talk.head()
        await talk.until_closed()
        responded.set()

    async with upstream_of(patient) as upstream, proxied(upstream.url, tmp_path) as box:
        response = await box.ask("POST", fields=(("content-length", "9"),), body=b"hello")
        assert (response.status, response.error) == (400, "bad-request")
        await responded.wait()


async def test_who_announces_a_body_holds_a_connection_once_it_begins(tmp_path: Path) -> None:
    async with upstream_of(echo) as upstream, proxied(upstream.url, tmp_path) as box:
        fields = (("content-length", "5"),)
        streams = [box.begin("POST", fields=fields, end=False) for _ in range(50)]
        assert (await box.ask("POST", fields=fields, body=b"other")).status == 200
        assert upstream.connections == 1
        await streams[0].write(b"hello", end=True)
        assert (await whole(streams[0])).body == b"hello"


@pytest.mark.parametrize("length", ["5", "1, 1", "-1"])
async def test_a_length_without_a_body_is_refused(length: str, tmp_path: Path) -> None:
    async with upstream_of(echo) as upstream, proxied(upstream.url, tmp_path) as box:
        response = await box.ask("POST", fields=(("content-length", length),))
        assert (response.status, response.error, upstream.connections) == (400, "bad-request", 0)


async def test_a_body_above_the_limit_is_refused_and_stopped(tmp_path: Path) -> None:
    limits = replace(LIMITS, spool=SpoolLimits(memory_bytes=1000, request_bytes=100_000))
    async with (
        upstream_of(echo) as upstream,
        proxied(upstream.url, tmp_path, limits=limits) as box,
    ):
        stream = box.begin("POST", end=False)
        uploading = asyncio.create_task(upload_for_ever(stream))
        response = await whole(stream)
        assert (response.status, response.error) == (413, "body-too-large")
        assert await uploading == Code.NO_ERROR
        assert upstream.connections == 0


async def test_an_early_response_stops_the_upload_and_is_kept(tmp_path: Path) -> None:
    async def refusing(talk: Talk) -> None:
        await talk.head()
        await talk.send(b"HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno")
        await talk.until_closed()

    async with upstream_of(refusing) as upstream, proxied(upstream.url, tmp_path) as box:
        stream = box.begin("PUT", fields=(("content-length", str(1 << 40)),), end=False)
        uploading = asyncio.create_task(upload_for_ever(stream))
        response = await whole(stream)
        assert (response.status, response.body) == (403, b"no")
        assert await uploading == Code.NO_ERROR
        await upstream.has_ended()


async def test_both_directions_may_flow_at_once(tmp_path: Path) -> None:
    async def mirror(talk: Talk) -> None:
        await talk.head()
        await talk.send(OK + b"\r\n")
        for _ in range(3):
            await talk.send((await talk.reader.readexactly(4)).upper())

    async with upstream_of(mirror) as upstream, proxied(upstream.url, tmp_path) as box:
        stream = box.begin("POST", fields=(("content-length", "12"),), end=False)
        for word in (b"one ", b"two ", b"six "):
            await stream.write(word)
            await stream.response()
            assert await stream.read() == word.upper()


async def test_a_visitor_that_falls_silent_is_not_waited_for(tmp_path: Path) -> None:
    limits = replace(LIMITS, request_idle_s=0.05)
    async with (
        upstream_of(echo) as upstream,
        proxied(upstream.url, tmp_path, limits=limits) as box,
    ):
        stream = box.begin("PUT", fields=(("content-length", "5"),), end=False)
        await stream.write(b"hel")
        response = await whole(stream)
        assert (response.status, response.error) == (400, "bad-request")
        await upstream.has_ended()


async def upload_for_ever(stream: VisitorStream) -> int:
    """Send until the box resets the stream; returns the code."""
    try:
        while True:
            await stream.write(b"x" * 16_376)
            await asyncio.sleep(0)
    except StreamResetError as error:
        return error.reset_code
