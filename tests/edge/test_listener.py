"""p2claw.edge.listener: what HTTP clients that are not browsers send, byte by byte, and the log."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from pathlib import Path

import pytest

from p2claw.edge.listener import bind
from p2claw.errors import UsageError
from tests.edge.conftest import PAGE, Browser

WAIT_S = 10.0
HOST = b"Host: dog-purplecrab.localhost\r\n"
NAVIGATION = HOST + b"Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n"


async def _status(browser: Browser, sent: bytes) -> int:
    """The status of the first response to these bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", browser.server.port)
    writer.write(sent)
    try:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), WAIT_S)
    finally:
        writer.close()
    return int(head.split(b" ", 2)[1])


async def test_a_request_of_http_1_0_without_a_host_is_not_ours(browser: Browser) -> None:
    assert await _status(browser, b"GET / HTTP/1.0\r\n\r\n") == 421


async def test_a_form_gets_its_response_before_its_body_came(browser: Browser) -> None:
    head = b"POST /login HTTP/1.1\r\n" + NAVIGATION + b"Content-Length: 1000000\r\n\r\n"
    assert await _status(browser, head) == 405


async def test_the_body_of_a_form_is_not_asked_for(browser: Browser) -> None:
    head = b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 10\r\n" + NAVIGATION
    assert await _status(browser, head + b"\r\n") == 405


async def test_the_longest_target_of_the_wire_protocol_is_understood(browser: Browser) -> None:
    target = b"/" + b"a" * 131_071
    head = b"GET " + target + b" HTTP/1.1\r\nConnection: close\r\n" + NAVIGATION
    assert await _status(browser, head + b"\r\n") == 200


async def test_the_target_in_absolute_form_is_no_way_around_the_host(browser: Browser) -> None:
    head = b"GET http://dog-purplecrab.localhost/ HTTP/1.1\r\nHost: evil.example\r\n"
    assert await _status(browser, head + b"Connection: close\r\n\r\n") == 421


@pytest.mark.parametrize(
    "sent",
    [
        b"secret-bytes\r\n\r\n",
        b"GET /secret-bytes HTTP/9\r\n\r\n",
        b"GET /secret-bytes HTTP/1.1\r\nsecret-bytes\r\n\r\n",
        b"GET /" + b"secret-bytes" * 12000 + b" HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00secret-bytes" + bytes(100) + b"\r\n\r\n",
    ],
    ids=["no request", "no version", "no field", "too long", "TLS"],
)
async def test_bytes_that_are_not_http_leave_no_trace_in_the_log(
    browser: Browser, sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        status = await _status(browser, sent)
    assert (status, "secret-bytes" in caplog.text) == (400, False)


async def test_who_goes_away_before_the_response_leaves_no_stack_trace(
    browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    ask = (
        b"GET /__p2claw/v1/visit?v=1&alias=nobody&app=dog HTTP/1.1\r\n"
        + HOST
        + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    with caplog.at_level(logging.DEBUG):
        for _ in range(10):
            with socket.create_connection(("127.0.0.1", browser.server.port)) as one:
                # A reset, and not the end of what is sent.
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                one.sendall(ask)
        assert await _status(browser, b"GET /x HTTP/1.0\r\n\r\n") == 421
        await asyncio.sleep(0.1)
    assert "Traceback" not in caplog.text


async def test_requests_leave_no_trace_in_the_log(
    browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="p2claw"):
        await browser.ask("/secret-path?secret=1", Cookie="secret=2", **PAGE)
        await browser.ask("/secret-path", "POST", data=b"secret", **PAGE)
    assert "secret" not in caplog.text


async def test_a_fault_of_ours_keeps_its_stack_trace_and_nothing_of_the_request(
    browser: Browser, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2claw.edge.app.kind_of", None)
    response = await browser.ask("/secret-path")
    assert response.status == 500
    assert ("Traceback" in caplog.text, "secret-path" in caplog.text) == (True, False)


async def test_no_response_names_the_library_behind_it(browser: Browser) -> None:
    assert (await browser.ask(**PAGE)).fields["Server"] == "p2claw"


def test_a_port_that_is_taken_is_a_clear_error() -> None:
    with bind("127.0.0.1", 0) as taken, pytest.raises(UsageError) as refusal:
        bind("127.0.0.1", taken.getsockname()[1])
    assert refusal.value.code == "listen-failed"


def test_a_host_that_is_not_here_is_a_clear_error() -> None:
    with pytest.raises(UsageError) as refusal:
        bind("192.0.2.1", 0)
    assert refusal.value.code == "listen-failed"


def test_every_address_is_listened_on_where_none_is_named() -> None:
    with bind("", 0) as bound:
        port = bound.getsockname()[1]
        socket.create_connection(("127.0.0.1", port), WAIT_S).close()


def test_a_port_is_free_again_when_its_server_has_gone(tmp_path: Path) -> None:
    with bind("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
    bind("127.0.0.1", port).close()
