"""The open streams of a link: requests reach the handler, within the limit of streams."""

from __future__ import annotations

import asyncio

import pytest

from p2claw.errors import LocalProtocolError
from p2claw.link.stream import BoxStream
from p2claw.wire.frames.codes import Code
from p2claw.wire.frames.limits import Limits
from tests.link.pumps import GET, OK, body_of, linked


async def test_a_request_gets_the_response_of_the_handler() -> None:
    async def handler(stream: BoxStream) -> None:
        assert (stream.request.target, stream.app, stream.request_ended) == ("/", "dog", True)
        await stream.respond(OK)
        await stream.write(b"woof", end=True)

    async with linked(handler) as link:
        stream = link.visitor.open(GET, end=True)
        assert (await stream.response()).status == 200
        assert await body_of(stream) == b"woof"


async def test_no_request_of_a_visitor_that_is_not_admitted_is_handled() -> None:
    handled = []

    async def handler(stream: BoxStream) -> None:
        handled.append(stream)

    async with linked(handler, admit=lambda hello: Code.APP_UNKNOWN) as link:
        link.visitor.open(GET, end=True)
        await link.box.wait_closed()
        assert handled == []


async def test_the_limit_of_streams_is_an_error_and_passes() -> None:
    release = asyncio.Event()

    async def handler(stream: BoxStream) -> None:
        await release.wait()
        await stream.respond(OK, end=True)

    async with linked(handler, box_limits=Limits(streams=16)) as link:
        await link.visitor.hello(timeout_s=5)
        for _ in range(16):
            link.visitor.open(GET, end=True)
        with pytest.raises(LocalProtocolError) as caught:
            link.visitor.open(GET, end=True)
        assert caught.value.code == "streams-exhausted"
        release.set()
        await link.visitor.news()
        await link.visitor.open(GET, end=True).response()
