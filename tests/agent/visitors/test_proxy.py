"""Requests through the proxy: what reaches the app, what comes back, what the box says itself."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from p2claw.agent.home.routes import Route
from p2claw.config import AgentLimits, UpstreamLimits
from p2claw.errors import StreamResetError
from p2claw.wire.frames.codes import Code
from tests.support.proxied import proxied
from tests.support.upstreams import OK, Handler, Talk, echo, until, upstream_of

LIMITS = AgentLimits(upstream=UpstreamLimits(head_s=5, wait_s=5))


def responding(*parts: bytes) -> Handler:
    async def handler(talk: Talk) -> None:
        while await talk.request():
            for part in parts:
                await talk.send(part)

    return handler


def closing(*parts: bytes) -> Handler:
    async def handler(talk: Talk) -> None:
        await talk.head()
        for part in parts:
            await talk.send(part)

    return handler


async def test_a_request_reaches_the_app_and_its_response_comes_back(tmp_path: Path) -> None:
    async with upstream_of(echo) as upstream, proxied(upstream.url, tmp_path) as box:
        response = await box.ask("POST", "/a?b=c", (("x-cat", "1"),), b"hello")
        request = upstream.requests[0]
    assert (request.method, request.target, request.body) == ("POST", "/a?b=c", b"hello")
    assert request.values("x-cat") == ["1"]
    assert (response.status, response.body, response.error) == (200, b"hello", "")


async def test_the_app_sees_its_own_host(tmp_path: Path) -> None:
    async with upstream_of(echo) as upstream, proxied(upstream.url, tmp_path) as box:
        await box.ask("GET")
        assert upstream.requests[0].values("host") == [f"127.0.0.1:{upstream.port}"]


async def test_the_app_may_see_the_public_host(tmp_path: Path) -> None:
    def preserving(route: Route) -> Route:
        return replace(route, preserve_host=True)

    async with (
        upstream_of(echo) as upstream,
        proxied(upstream.url, tmp_path, change=preserving) as box,
    ):
        await box.ask("GET")
        assert upstream.requests[0].values("host") == ["dog-purplecrab.localhost:8787"]


async def test_an_app_on_a_unix_socket_is_reached(tmp_path: Path) -> None:
    path = tmp_path / "app.sock"
    async with upstream_of(echo, path=path), proxied(f"unix:{path}", tmp_path) as box:
        assert (await box.ask("POST", body=b"hello")).body == b"hello"


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "OPTIONS", "PATCH"])
async def test_a_request_without_a_body_has_no_length(method: str, tmp_path: Path) -> None:
    async with upstream_of(echo) as upstream, proxied(upstream.url, tmp_path) as box:
        await box.ask(method)
        assert upstream.requests[0].values("content-length") == []


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_where_a_body_is_expected_an_empty_one_is_sent(method: str, tmp_path: Path) -> None:
    async with upstream_of(echo) as upstream, proxied(upstream.url, tmp_path) as box:
        await box.ask(method)
        assert upstream.requests[0].values("content-length") == ["0"]


async def test_the_response_to_head_keeps_its_length_and_has_no_body(tmp_path: Path) -> None:
    handler = responding(OK + b"Content-Length: 5\r\n\r\n")
    async with upstream_of(handler) as upstream, proxied(upstream.url, tmp_path) as box:
        for _ in range(2):
            response = await box.ask("HEAD")
            assert (response.value("content-length"), response.body) == ("5", b"")
        assert upstream.connections == 1


@pytest.mark.parametrize("status", [204, 304])
async def test_a_response_without_a_body_passes(status: int, tmp_path: Path) -> None:
    handler = responding(b"HTTP/1.1 %d X\r\nETag: x\r\n\r\n" % status)
    async with upstream_of(handler) as upstream, proxied(upstream.url, tmp_path) as box:
        response = await box.ask("GET")
        assert (response.status, response.value("etag"), response.body) == (status, "x", b"")


async def test_a_205_loses_the_body_that_it_must_not_have(tmp_path: Path) -> None:
    handler = responding(b"HTTP/1.1 205 Reset Content\r\nContent-Length: 5\r\n\r\nhello")
    async with upstream_of(handler) as upstream, proxied(upstream.url, tmp_path) as box:
        response = await box.ask("GET")
        assert (response.status, response.body) == (205, b"")


async def test_interim_responses_do_not_pass(tmp_path: Path) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    handler = responding(early, early + OK + b"Content-Length: 2\r\n\r\nok")
    async with upstream_of(handler) as upstream, proxied(upstream.url, tmp_path) as box:
        response = await box.ask("GET")
        assert (response.status, response.value("link"), response.body) == (200, None, b"ok")


async def test_trailers_pass(tmp_path: Path) -> None:
    handler = responding(
        OK
        + b"Trailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 7\r\n\r\n"
    )
    async with upstream_of(handler) as upstream, proxied(upstream.url, tmp_path) as box:
        response = await box.ask("GET")
        assert (response.body, response.trailers) == (b"hello", (("x-sum", "7"),))
        assert response.value("transfer-encoding") is None


async def test_a_response_that_ends_with_the_connection_is_whole(tmp_path: Path) -> None:
    handler = closing(OK + b"\r\nhel", b"lo")
    async with upstream_of(handler) as upstream, proxied(upstream.url, tmp_path) as box:
        assert (await box.ask("GET")).body == b"hello"


async def test_repeated_fields_stay_apart(tmp_path: Path) -> None:
    handler = responding(OK + b"Set-Cookie: a=b\r\nSet-Cookie: c=d\r\nContent-Length: 0\r\n\r\n")
    async with upstream_of(handler) as upstream, proxied(upstream.url, tmp_path) as box:
        fields = (await box.ask("GET")).head.fields
    assert [value for name, value in fields if name == "set-cookie"] == ["a=b", "c=d"]


async def test_pieces_come_as_they_are_sent(tmp_path: Path) -> None:
    go_on = asyncio.Event()

    async def feed(talk: Talk) -> None:
        await talk.request()
        await talk.send(OK + b"Content-Type: text/event-stream\r\n\r\ndata: 1\n\n")
        await go_on.wait()
        await talk.send(b"data: 2\n\n")

    async with upstream_of(feed) as upstream, proxied(upstream.url, tmp_path) as box:
        stream = box.begin("GET")
        await stream.response()
        assert await stream.read() == b"data: 1\n\n"
        go_on.set()
        assert await stream.read() == b"data: 2\n\n"
        assert await stream.read() == b""


async def test_many_requests_at_once_all_get_a_response(tmp_path: Path) -> None:
    async with upstream_of(echo) as upstream, proxied(upstream.url, tmp_path) as box:
        bodies = [f"body {number}".encode() for number in range(100)]
        responses = await asyncio.gather(*(box.ask("POST", body=body) for body in bodies))
        assert [response.body for response in responses] == bodies


# Faults of the app.


async def test_nothing_at_the_port_is_an_app_that_is_down(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        async with proxied(f"127.0.0.1:{unused.getsockname()[1]}", tmp_path) as box:
            response = await box.ask("GET")
    assert (response.status, response.error) == (502, "app-down")
    assert response.value("cache-control") == "no-store"
    assert response.value("content-type") == "text/plain; charset=utf-8"
    assert response.body.endswith(b"\n")


async def test_what_the_box_sends_names_no_port(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        async with proxied(f"127.0.0.1:{port}", tmp_path) as box:
            assert str(port).encode() not in (await box.ask("GET")).body


async def test_what_the_box_sends_to_head_has_no_body(tmp_path: Path) -> None:
    async with proxied(f"unix:{tmp_path}/none.sock", tmp_path) as box:
        response = await box.ask("HEAD")
    assert (response.status, response.error, response.body) == (502, "app-down", b"")


@pytest.mark.parametrize(
    "sent", [b"SSH-2.0-OpenSSH_9.2\r\n", b"", b"HTTP/1.1 101 Switching\r\n\r\n"]
)
async def test_an_app_that_does_not_send_http_is_broken(sent: bytes, tmp_path: Path) -> None:
    async with upstream_of(closing(sent)) as upstream, proxied(upstream.url, tmp_path) as box:
        response = await box.ask("GET")
        assert (response.status, response.error) == (502, "app-broken")


async def test_an_app_that_does_not_respond_is_given_up(tmp_path: Path) -> None:
    async def silent(talk: Talk) -> None:
        await talk.until_closed()

    limits = replace(LIMITS, upstream=UpstreamLimits(head_s=0.05))
    async with (
        upstream_of(silent) as upstream,
        proxied(upstream.url, tmp_path, limits=limits) as box,
    ):
        response = await box.ask("GET")
        assert (response.status, response.error) == (504, "app-timeout")
        await upstream.has_ended()


async def test_too_many_requests_for_an_app_are_a_busy_box(tmp_path: Path) -> None:
    async def silent(talk: Talk) -> None:
        await talk.until_closed()

    limits = replace(LIMITS, upstream=UpstreamLimits(connections=1, waiting=0))
    async with (
        upstream_of(silent) as upstream,
        proxied(upstream.url, tmp_path, limits=limits) as box,
    ):
        box.begin("GET")
        await until(lambda: upstream.connections == 1)
        response = await box.ask("GET")
        assert (response.status, response.error) == (503, "box-busy")


async def reset_of(handler: Handler, tmp_path: Path, method: str = "GET") -> tuple[bytes, int]:
    """What came of a response before it was reset, and with which code."""
    async with upstream_of(handler) as upstream, proxied(upstream.url, tmp_path) as box:
        stream = box.begin(method)
        body = b""
        with pytest.raises(StreamResetError) as caught:
            await stream.response()
            while piece := await stream.read():
                body += piece
    return body, caught.value.reset_code


async def test_a_response_that_breaks_off_is_a_reset_and_not_an_end(tmp_path: Path) -> None:
    handler = closing(OK + b"Content-Length: 9\r\n\r\nhello")
    assert await reset_of(handler, tmp_path) == (b"hello", Code.UPSTREAM)


async def test_chunks_that_break_off_are_a_reset_and_not_an_end(tmp_path: Path) -> None:
    handler = closing(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
    assert await reset_of(handler, tmp_path) == (b"hello", Code.UPSTREAM)


@pytest.mark.parametrize(
    "fields", [b"X: " + b"a" * 300_000, b"X: y\r\n" * 1100 + b"X: y", b"X: " + b"\xe9" * 140_000]
)
async def test_a_head_that_may_not_cross_becomes_an_error_response(
    fields: bytes, tmp_path: Path
) -> None:
    async with (
        upstream_of(closing(OK + fields + b"\r\n\r\n")) as upstream,
        proxied(upstream.url, tmp_path) as box,
    ):
        response = await box.ask("GET")
    assert (response.status, response.error) == (502, "app-head-too-large")


async def test_a_large_head_that_may_cross_does(tmp_path: Path) -> None:
    fields = b"X-Many: y\r\n" * 500 + b"X-Long: " + b"a" * 200_000 + b"\r\n"
    async with (
        upstream_of(closing(OK + fields + b"Content-Length: 0\r\n\r\n")) as upstream,
        proxied(upstream.url, tmp_path) as box,
    ):
        response = await box.ask("GET", "/" + "a" * 100_000)
    assert response.status == 200
    assert len(response.value("x-long") or "") == 200_000


# Stale connections.


def dying(responses: int) -> Callable[[Talk], object]:
    """Responds to so many requests on a connection, then closes it at the next."""

    async def handler(talk: Talk) -> None:
        for _ in range(responses):
            await talk.request()
            await talk.respond(b"ok")
        await talk.request()

    return handler


async def test_a_get_on_a_stale_connection_is_sent_again(tmp_path: Path) -> None:
    async with upstream_of(dying(1)) as upstream, proxied(upstream.url, tmp_path) as box:  # type: ignore[arg-type]
        assert [(await box.ask("GET")).status for _ in range(4)] == [200] * 4


async def test_a_post_on_a_stale_connection_is_not_sent_again(tmp_path: Path) -> None:
    async with upstream_of(dying(1)) as upstream, proxied(upstream.url, tmp_path) as box:  # type: ignore[arg-type]
        await box.ask("GET")
        response = await box.ask("POST")
        assert (response.error, len(upstream.requests)) == ("app-broken", 2)


async def test_a_new_connection_that_is_closed_is_not_tried_again(tmp_path: Path) -> None:
    async with upstream_of(dying(0)) as upstream, proxied(upstream.url, tmp_path) as box:  # type: ignore[arg-type]
        response = await box.ask("GET")
        assert (response.error, len(upstream.requests)) == ("app-broken", 1)


# Routes that change.


async def test_an_app_that_was_unexposed_is_unknown(tmp_path: Path) -> None:
    async with upstream_of(echo) as upstream, proxied(upstream.url, tmp_path) as box:
        await box.ask("GET")
        del box.routes["dog"]
        response = await box.ask("GET")
        assert (response.status, response.error) == (404, "app-unknown")


async def test_connections_to_an_upstream_that_no_route_names_are_closed(tmp_path: Path) -> None:
    async with upstream_of(echo) as upstream, proxied(upstream.url, tmp_path) as box:
        await box.ask("GET")
        box.proxy.apply({})
        await upstream.has_ended()
