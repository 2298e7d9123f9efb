"""Opening a WebSocket: what the app sees of it, and what the visitor learns where it fails."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from p2claw.config import AgentLimits, UpstreamLimits
from p2claw.wire.frames.heads import RequestHead
from tests.agent.websockets.joined import DEFLATE, handshake, joined
from tests.support.proxied import VISIT, proxied, whole
from tests.support.socket_upstreams import Accepting, echo, socket_upstream
from tests.support.upstreams import Talk, upstream_of

ORIGIN = f"http://{VISIT.names.host('dog')}"


async def test_a_message_goes_there_and_comes_back(tmp_path: Path) -> None:
    async with (
        socket_upstream(echo) as upstream,
        proxied(upstream.url, tmp_path) as box,
        await joined(box, "/chat?room=1") as socket,
    ):
        await socket.send("wöof")
        assert await socket.receive() == "wöof"
        await socket.send(b"\0\xff")
        assert await socket.receive() == b"\0\xff"
    assert upstream.requests[0].target == "/chat?room=1"


async def test_the_app_sees_a_handshake_of_its_own_host(tmp_path: Path) -> None:
    fields = (("origin", ORIGIN), ("cookie", "a=1"), ("user-agent", "t"), ("upgrade", "h2c"))
    async with socket_upstream(echo) as upstream, proxied(upstream.url, tmp_path) as box:
        await (await joined(box, fields=fields)).close()
        seen = upstream.requests[0]
    assert seen.values("Host") + seen.values("host") == [f"127.0.0.1:{upstream.port}"]
    assert seen.values("origin") == [upstream.url]
    assert (seen.values("cookie"), seen.values("user-agent")) == (["a=1"], ["t"])
    names = [name.lower() for name, _ in seen.fields]
    assert (names.count("upgrade"), names.count("sec-websocket-key")) == (1, 1)


async def test_the_app_chooses_a_subprotocol(tmp_path: Path) -> None:
    accepting = Accepting(
        fields=["Sec-WebSocket-Protocol: v2", "Set-Cookie: a=1; Domain=localhost"]
    )
    async with (
        socket_upstream(echo, accepting) as upstream,
        proxied(upstream.url, tmp_path) as box,
        await joined(box, fields=(("sec-websocket-protocol", "v1, v2"),)) as socket,
    ):
        assert socket.protocol == "v2"
        assert ("set-cookie", "a=1") in socket.fields
        assert upstream.requests[0].values("Sec-WebSocket-Protocol") == ["v1, v2"]


async def test_compression_is_offered_only_where_the_visitor_offers_it(tmp_path: Path) -> None:
    async with socket_upstream(echo) as upstream, proxied(upstream.url, tmp_path) as box:
        await (await joined(box)).close()
        await (await joined(box, fields=(DEFLATE,))).close()
        offers = [request.values("Sec-WebSocket-Extensions") for request in upstream.requests]
    assert offers == [[], ["permessage-deflate; client_max_window_bits"]]


@pytest.mark.parametrize("status", [301, 401, 403, 404, 503])
async def test_a_refusal_keeps_its_status(tmp_path: Path, status: int) -> None:
    async def refuse(talk: Talk) -> None:
        await talk.head()
        body = b"Content-Length: 2\r\nLocation: /login\r\n\r\nno"
        await talk.send(b"HTTP/1.1 %d No\r\n" % status + body)

    async with upstream_of(refuse) as upstream, proxied(upstream.url, tmp_path) as box:
        head, stream = await handshake(box)
        assert (head.status, head.error, await stream.read()) == (status, "", b"")


async def test_an_ordinary_response_is_a_refusal_too(tmp_path: Path) -> None:
    async def page(talk: Talk) -> None:
        await talk.head()
        await talk.respond(b"a page")

    async with upstream_of(page) as upstream, proxied(upstream.url, tmp_path) as box:
        assert (await handshake(box))[0].status == 400


@pytest.mark.parametrize(
    ("accepting", "why"),
    [
        (Accepting(key="another"), "accept"),
        (Accepting(fields=["Sec-WebSocket-Protocol: v9"]), "subprotocol"),
        (Accepting(fields=["Sec-WebSocket-Extensions: x-tail"]), "extension"),
        (Accepting(fields=["Broken"]), "no HTTP"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_wrong_response_to_the_handshake_is_an_error_of_the_box(
    tmp_path: Path, accepting: Accepting, why: str
) -> None:
    async with (
        socket_upstream(echo, accepting) as upstream,
        proxied(upstream.url, tmp_path) as box,
    ):
        head, _ = await handshake(box, fields=(("sec-websocket-protocol", "v1"),))
        assert (head.status, head.error) == (502, "app-broken"), why


async def test_an_app_that_is_down_is_reported(tmp_path: Path) -> None:
    async with socket_upstream(echo) as upstream:
        url = upstream.url
    async with proxied(url, tmp_path) as box:
        head, _ = await handshake(box)
        assert (head.status, head.error) == (502, "app-down")


async def test_an_app_that_does_not_respond_is_given_up(tmp_path: Path) -> None:
    async def silent(talk: Talk) -> None:
        await talk.until_closed()

    limits = AgentLimits(upstream=UpstreamLimits(head_s=0.1))
    async with (
        upstream_of(silent) as upstream,
        proxied(upstream.url, tmp_path, limits=limits) as box,
    ):
        head, _ = await handshake(box)
        assert (head.status, head.error) == (504, "app-timeout")
        await upstream.has_ended()


async def test_a_box_has_so_many_websockets_and_then_is_busy(tmp_path: Path) -> None:
    limits = replace(AgentLimits(), sockets=1)
    async with (
        socket_upstream(echo) as upstream,
        proxied(upstream.url, tmp_path, limits=limits) as box,
    ):
        first = await joined(box)
        head, _ = await handshake(box)
        assert (head.status, head.error) == (503, "box-busy")
        await first.close()
        async with asyncio.timeout(5):
            while (await handshake(box))[0].status != 200:  # noqa: ASYNC110 - no event for it
                await asyncio.sleep(0.01)


async def test_one_visitors_websockets_leave_room_for_anothers(tmp_path: Path) -> None:
    limits = replace(AgentLimits(), sockets=4)
    async with (
        socket_upstream(echo) as upstream,
        proxied(upstream.url, tmp_path, limits=limits) as box,
        box.another("203.0.113.0/24") as neighbour,
    ):
        mine = [await joined(box), await joined(box)]
        head, _ = await handshake(box)
        assert (head.status, head.error) == (503, "box-busy")
        mine.append(await joined(neighbour))
        for socket in mine:
            await socket.close()


@pytest.mark.parametrize("protocol", ["", "connect-udp"])
async def test_connect_opens_nothing_else(tmp_path: Path, protocol: str) -> None:
    async with socket_upstream(echo) as upstream, proxied(upstream.url, tmp_path) as box:
        stream = box.visitor.open(RequestHead("CONNECT", "/", (), protocol=protocol), end=False)
        response = await whole(stream)
        assert (response.status, response.error) == (400, "bad-request")
