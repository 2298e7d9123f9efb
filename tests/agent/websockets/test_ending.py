"""How a WebSocket ends: close codes both ways, and every kind of break."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from p2claw.errors import RemoteProtocolError, StreamResetError
from p2claw.wire.frames.codes import Code
from p2claw.wire.frames.websocket_records import Close
from tests.agent.websockets.joined import joined
from tests.support.proxied import proxied
from tests.support.socket_upstreams import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    RSV1,
    TEXT,
    RawSocket,
    close,
    echo,
    frame,
    socket_upstream,
)

Handler = Callable[[RawSocket], object]


@pytest.mark.parametrize("code", [1000, 1001, 1011, 1012, 3000, 4999])
async def test_a_close_of_the_app_reaches_the_page_and_gets_a_reply(
    tmp_path: Path, code: int
) -> None:
    replies = []

    async def ending(socket: RawSocket) -> None:
        await socket.send(close(code, "grüß".encode()))
        replies.append(await socket.frame())
        socket.writer.write_eof()
        assert await socket.hung_up()

    async with socket_upstream(ending) as upstream, proxied(upstream.url, tmp_path) as box:
        socket = await joined(box)
        assert await socket.receive() is None
        assert socket.closed == Close(code, "grüß")
        await upstream.has_ended()
    assert (replies[0].opcode, replies[0].payload[:2]) == (CLOSE, code.to_bytes(2, "big"))


async def test_an_empty_close_of_the_app_has_no_code(tmp_path: Path) -> None:
    async def ending(socket: RawSocket) -> None:
        await socket.send(frame(CLOSE))
        assert (await socket.frame()).payload == b""

    async with socket_upstream(ending) as upstream, proxied(upstream.url, tmp_path) as box:
        socket = await joined(box)
        assert await socket.receive() is None
        assert socket.closed == Close(None)


@pytest.mark.parametrize(
    ("code", "payload"), [(None, b""), (1000, b"\x03\xe8bye"), (4001, b"\x0f\xa1bye")]
)
async def test_a_close_of_the_page_reaches_the_app(
    tmp_path: Path, code: int | None, payload: bytes
) -> None:
    seen = []

    async def ended(socket: RawSocket) -> None:
        seen.append((await socket.frame()).payload)
        await socket.send(close(4002, b"you too"))
        assert await socket.hung_up()

    async with socket_upstream(ended) as upstream, proxied(upstream.url, tmp_path) as box:
        socket = await joined(box)
        await socket.close(code, "bye")
        assert socket.closed == Close(4002, "you too")
    assert seen == [payload]


async def _hang_up(socket: RawSocket) -> None:
    socket.writer.close()


async def _abort(socket: RawSocket) -> None:
    socket.writer.transport.abort()


def _sending(*frames: bytes) -> Handler:
    async def handler(socket: RawSocket) -> None:
        await socket.send(*frames)
        await asyncio.sleep(5)

    return handler


@pytest.mark.parametrize("handler", [_hang_up, _abort])
async def test_an_app_that_hangs_up_without_a_close_ends_the_stream_without_one(
    tmp_path: Path, handler: Handler
) -> None:
    async with socket_upstream(handler) as upstream, proxied(upstream.url, tmp_path) as box:
        socket = await joined(box)
        with pytest.raises(RemoteProtocolError, match="without a Close"):
            await socket.receive()


async def test_what_came_before_a_break_still_arrives(tmp_path: Path) -> None:
    large = b"a" * 3_000_000

    async def breaking(socket: RawSocket) -> None:
        await socket.send(frame(TEXT, b"last"), frame(BINARY, large))
        socket.writer.close()

    async with socket_upstream(breaking) as upstream, proxied(upstream.url, tmp_path) as box:
        socket = await joined(box)
        assert (await socket.receive(), await socket.receive()) == ("last", large)
        with pytest.raises(RemoteProtocolError, match="without a Close"):
            await socket.receive()


@pytest.mark.parametrize(
    ("name", "frames", "code"),
    [
        ("reserved bit", [frame(TEXT, b"a", flags=RSV1)], 1002),
        ("reserved opcode", [frame(3, b"a")], 1002),
        ("reserved control opcode", [frame(11)], 1002),
        ("cut ping", [frame(PING, b"a", fin=False)], 1002),
        ("long ping", [frame(PING, b"a" * 126)], 1002),
        ("continuation of nothing", [frame(CONTINUATION, b"a")], 1002),
        ("a message within a message", [frame(TEXT, b"a", fin=False), frame(BINARY, b"b")], 1002),
        ("masked", [b"\x81\x81\0\0\0\0a"], 1002),
        ("a close of one byte", [frame(CLOSE, b"\x03")], 1002),
        ("close code 1005", [close(1005)], 1002),
        ("close code 999", [close(999)], 1002),
        ("close code 5000", [close(5000)], 1002),
        ("a reason that is not UTF-8", [close(1000, b"\xff")], 1007),
        ("text that is not UTF-8", [frame(TEXT, b"a\xff")], 1007),
        ("text that ends within a character", [frame(TEXT, b"\xc3")], 1007),
        ("a surrogate", [frame(TEXT, b"\xed\xa0\x80")], 1007),
    ],
)
async def test_an_app_that_breaks_a_rule_gets_a_close_and_the_stream_ends(
    tmp_path: Path, name: str, frames: list[bytes], code: int
) -> None:
    closes = []

    async def breaking(socket: RawSocket) -> None:
        await socket.send(*frames)
        closes.append(await socket.frame())
        assert await socket.hung_up()

    async with socket_upstream(breaking) as upstream, proxied(upstream.url, tmp_path) as box:
        socket = await joined(box)
        with pytest.raises(RemoteProtocolError, match="without a Close"):
            while await socket.receive() is not None:
                pass
        assert socket._stream.trailers == (("websocket-fault", str(code)),)
        await upstream.has_ended()
    assert (closes[0].opcode, int.from_bytes(closes[0].payload[:2], "big")) == (CLOSE, code), name


async def test_pings_get_a_pong_also_within_a_message(tmp_path: Path) -> None:
    pongs = []

    async def pinging(socket: RawSocket) -> None:
        await socket.send(frame(TEXT, b"a", fin=False), frame(PING, b"now"), frame(PONG, b"x"))
        pongs.append(await socket.frame())
        await socket.send(frame(CONTINUATION, b"b"))
        await echo(socket)

    async with (
        socket_upstream(pinging) as upstream,
        proxied(upstream.url, tmp_path) as box,
        await joined(box) as socket,
    ):
        assert await socket.receive() == "ab"
    assert (pongs[0].opcode, pongs[0].payload) == (PONG, b"now")


async def test_a_visitor_that_is_gone_ends_the_apps_connection(tmp_path: Path) -> None:
    async with socket_upstream(echo) as upstream, proxied(upstream.url, tmp_path) as box:
        await joined(box)
        await box.visitor.close()
        await upstream.has_ended()


async def test_an_app_that_does_not_reply_to_a_close_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2claw.agent.websockets.upstream_socket.CLOSE_S", 0.1)

    async def deaf(socket: RawSocket) -> None:
        await socket.frame()
        await socket.hung_up()

    async with socket_upstream(deaf) as upstream, proxied(upstream.url, tmp_path) as box:
        socket = await joined(box)
        await socket.close(1000)
        assert socket.closed is None
        await upstream.has_ended()


@pytest.mark.parametrize("record", [b"\x03\0\0", b"\x81\0\x01\xff", b"\x88\0\x01a"])
async def test_a_visitor_that_breaks_a_rule_is_reset(tmp_path: Path, record: bytes) -> None:
    async with socket_upstream(echo) as upstream, proxied(upstream.url, tmp_path) as box:
        socket = await joined(box)
        await socket._stream.write(record)
        with pytest.raises(StreamResetError) as reset:
            await socket.receive()
        assert reset.value.reset_code == Code.PROTOCOL
        await upstream.has_ended()
