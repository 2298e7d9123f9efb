"""An app that speaks only HTTPS: one certificate is accepted, the one that its owner confirmed."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from p2claw.agent.home.routes import Route, route_from, route_to_map
from p2claw.agent.upstream.address import UpstreamAddress, parse_upstream
from p2claw.agent.upstream.tls import certificate_of
from p2claw.errors import UsageError
from tests.support.certificates import write_certificate
from tests.support.proxied import Response, proxied

PIECES = 50
BODY = bytes(65_536)


@asynccontextmanager
async def encrypted(folder: Path, name: str) -> AsyncIterator[tuple[int, list[str]]]:
    """An HTTPS server: its port, and what it was asked by (the protocol of ALPN, and Host)."""
    folder.mkdir()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*write_certificate(folder, name))
    context.set_alpn_protocols(["h2", "http/1.1"])
    seen: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tls = writer.get_extra_info("ssl_object")
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                host = head.lower().partition("host: ")[2].partition("\r\n")[0]
                seen.append(f"{tls.selected_alpn_protocol()} {host}")
                size = b"content-length: %d\r\n\r\n" % (PIECES * len(BODY))
                writer.write(b"HTTP/1.1 200 OK\r\n" + size)
                for _ in range(PIECES):
                    writer.write(BODY)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context) as server:
        yield server.sockets[0].getsockname()[1], seen


async def known(port: int) -> UpstreamAddress:
    """The upstream as `expose` writes it down."""
    address = parse_upstream(f"https://localhost:{port}")
    certificate = await asyncio.to_thread(certificate_of, address)
    entry = {"upstream": address.text, "certificate": certificate}
    return route_from("dog", entry).upstream


async def ask(address: UpstreamAddress, folder: Path) -> Response:
    def change(route: Route) -> Route:
        return Route(route.app, address)

    async with proxied("3000", folder, change=change) as box:
        await box.ask("GET", "/")
        return await box.ask("GET", "/")  # on a kept connection


async def test_the_certificate_of_the_exposure_is_accepted(tmp_path: Path) -> None:
    async with encrypted(tmp_path / "one", "one") as (port, seen):
        response = await ask(await known(port), tmp_path)
    assert (response.status, len(response.body)) == (200, PIECES * len(BODY))
    assert seen == [f"http/1.1 localhost:{port}"] * 2


async def test_another_certificate_is_refused(tmp_path: Path) -> None:
    async with encrypted(tmp_path / "one", "one") as (port, _):
        first = await known(port)
    async with encrypted(tmp_path / "two", "two") as (port, seen):
        moved = UpstreamAddress("localhost", port, secure=True, certificate=first.certificate)
        response = await ask(moved, tmp_path)
    assert (response.status, response.error, seen) == (502, "app-certificate", [])


async def test_a_server_without_tls_is_a_broken_app(tmp_path: Path) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(plain, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        address = UpstreamAddress("localhost", port, secure=True, certificate="0" * 64)
        response = await ask(address, tmp_path)
        with pytest.raises(UsageError) as refused:
            await asyncio.to_thread(certificate_of, address)
    assert response.error == "app-broken"
    assert refused.value.code == "upstream-certificate"


def test_a_route_by_https_keeps_its_certificate() -> None:
    entry = {"upstream": "https://localhost", "preserve_host": False, "certificate": "0a" * 32}
    route = route_from("dog", entry)
    assert route_to_map(route) == entry
    assert (route.upstream.port, route.upstream.origin) == (443, "https://localhost")


@pytest.mark.parametrize(
    "entry",
    [
        {"upstream": "https://localhost"},
        {"upstream": "https://localhost", "certificate": "0A" * 32},
        {"upstream": "https://localhost", "certificate": 7},
        {"upstream": "http://localhost", "certificate": "0a" * 32},
    ],
)
def test_a_route_by_https_without_a_certificate_is_refused(entry: dict[str, object]) -> None:
    with pytest.raises(UsageError) as refused:
        route_from("dog", entry)
    assert refused.value.code == "route-invalid"
