"""Who responds at the address of a coordinator: one that is, one that is not, and nobody."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from p2claw import __version__
from p2claw.agent import greeting
from p2claw.agent.greeting import ask_coordinator
from p2claw.errors import P2clawError
from p2claw.wire.signalling.greeting import GREETING_BYTES
from tests.support.certificates import write_certificate
from tests.support.server import RunningServer, running_server

HEAD = b"HTTP/1.1 426 Upgrade Required\r\nConnection: close\r\n\r\n"
GOOD = {"software": "p2claw", "version": "9.9", "v": 1, "min": 1, "base": "http://{label}.h:1"}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@asynccontextmanager
async def responding(response: bytes, *, endless: bool = False) -> AsyncIterator[str]:
    """The URL of a server that says this to everybody. endless: and then a byte again and again."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(response)
        try:
            while endless:
                await writer.drain()
                await asyncio.sleep(0.01)
                writer.write(b"x")
        except ConnectionError:
            pass
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def refused(url: str) -> P2clawError:
    with pytest.raises(P2clawError) as caught:
        await asyncio.to_thread(ask_coordinator, url)
    return caught.value


def greeting_with(**changes: Any) -> bytes:
    return HEAD + json.dumps({**GOOD, **changes}).encode()


async def test_a_coordinator_shows_what_it_is_and_where_its_apps_appear(
    server: RunningServer,
) -> None:
    greeting = await asyncio.to_thread(ask_coordinator, server.url)
    assert (greeting.version, greeting.v, greeting.min) == (__version__, 1, 1)
    assert greeting.base == f"http://{{label}}.localhost:{server.port}"
    assert greeting.admits is True


async def test_names_under_localhost_are_this_machine(server: RunningServer) -> None:
    greeting = await asyncio.to_thread(ask_coordinator, f"http://any.localhost:{server.port}")
    assert greeting.admits is True


async def test_asking_is_no_registration(server: RunningServer) -> None:
    await asyncio.to_thread(ask_coordinator, server.url)
    assert len(server.rendezvous.boxes) == 0


async def test_a_name_that_it_does_not_go_by_is_refused(tmp_path: Path) -> None:
    async with running_server(tmp_path, parent="apps.example.org", scheme="https") as server:
        error = await refused(f"http://localhost:{server.port}")
    assert error.code == "audience-invalid"
    assert f"https://apps.example.org:{server.port}" in error.hint


async def test_a_further_name_is_admitted(tmp_path: Path) -> None:
    port = free_port()
    async with running_server(
        tmp_path,
        listen=f"127.0.0.1:{port}",
        parent="apps.example.org",
        names=(f"localhost:{port}",),
    ):
        greeting = await asyncio.to_thread(ask_coordinator, f"http://localhost:{port}")
    assert greeting.admits is True


async def test_over_tls_the_certificate_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, key = write_certificate(tmp_path, "x", names=("box.localhost",))
    async with running_server(tmp_path, tls_cert=cert, tls_key=key, scheme="https") as server:
        stranger = await refused(f"https://box.localhost:{server.port}")
        monkeypatch.setenv("SSL_CERT_FILE", str(cert))
        greeting = await asyncio.to_thread(ask_coordinator, f"https://box.localhost:{server.port}")
        misnamed = await refused(f"https://other.localhost:{server.port}")
    assert greeting.admits is True
    assert [stranger.code, misnamed.code] == ["coordinator-certificate"] * 2


async def test_where_nothing_listens_nothing_responds() -> None:
    error = await refused(f"http://localhost:{free_port()}")
    assert error.code == "coordinator-silent"
    assert "p2claw server" in error.hint


async def test_a_name_that_is_none_gets_no_response() -> None:
    assert (await refused("http://nobody.invalid")).code == "coordinator-silent"


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"status": "ok"}',
        HEAD,
        HEAD + b"Open this with a WebSocket.",
        HEAD + b"[" * 1000,
        greeting_with(software="another"),
        greeting_with(version="\x1b[31m"),
        greeting_with(version="1" * 65),
        greeting_with(base="http://{label}.h/\x1b]0;title\x07"),
        greeting_with(base="ftp://{label}.h"),
        greeting_with(base="http://h"),
        greeting_with(v=0),
        greeting_with(min="1"),
        greeting_with(more="x" * GREETING_BYTES),
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"HTTP/1.1 426 " + b"x" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 426 x\r\n" + b"a: b\r\n" * 500 + b"\r\n",
    ],
    ids=lambda response: repr(response[-40:]),
)
async def test_what_is_no_coordinator_is_named_so(response: bytes) -> None:
    async with responding(response) as url:
        error = await refused(url)
    assert error.code == "coordinator-foreign"
    assert error.message.isprintable()


async def test_keys_of_a_newer_coordinator_are_ignored() -> None:
    async with responding(greeting_with(novelty=[1])) as url:
        assert (await asyncio.to_thread(ask_coordinator, url)).version == "9.9"


async def test_a_coordinator_that_speaks_only_a_newer_protocol_is_refused() -> None:
    async with responding(greeting_with(v=3, min=2)) as url:
        assert (await refused(url)).code == "version"


async def test_http_where_tls_is_expected_is_something_else(server: RunningServer) -> None:
    error = await refused(server.url.replace("http:", "https:"))
    assert error.code == "coordinator-foreign" and "does not speak https" in error.message


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_a_proxy_without_its_coordinator_is_silence(status: int) -> None:
    async with responding(b"HTTP/1.1 %d x\r\nContent-Length: 0\r\n\r\n" % status) as url:
        assert (await refused(url)).code == "coordinator-silent"


@pytest.mark.parametrize(
    ("location", "hint"),
    [
        ("https://apps.example.org/a?b", "p2claw join https://apps.example.org"),
        ("/elsewhere", ""),
        ("http://[", ""),
        ("http://\x1b[31m/", ""),
    ],
)
async def test_a_redirect_is_named_and_not_followed(location: str, hint: str) -> None:
    head = f"HTTP/1.1 301 x\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
    async with responding(head.encode()) as url:
        error = await refused(url)
    assert error.code == "coordinator-moved"
    assert error.hint.endswith(hint) and error.message.isprintable()


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 426 x\r\n", b"HTTP/1.1 426 x\r\n\r\n"])
async def test_a_reply_that_never_ends_is_given_up(
    head: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(greeting, "ASK_S", 0.5)
    async with responding(head, endless=True) as url:
        # A body that is too long is read no further, whether or not it ends.
        assert (await refused(url)).code in ("coordinator-silent", "coordinator-foreign")


async def test_a_server_that_sends_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(greeting, "ASK_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for scheme in ("http", "https"):
            error = await refused(f"{scheme}://127.0.0.1:{silent.getsockname()[1]}")
            assert error.code == "coordinator-silent"
