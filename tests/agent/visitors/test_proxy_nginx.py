"""The proxy before an ordinary server: nginx, as it is."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.nginx import nginx
from tests.support.proxied import Proxied, proxied

MOVIE = bytes(range(256)) * 8_000


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Proxied]:
    files = tmp_path / "nginx" / "www"
    (files / "dav").mkdir(parents=True)
    (files / "movie.mp4").write_bytes(MOVIE)
    (files / "lines.txt").write_text("word " * 1000)
    async with (
        nginx(tmp_path / "nginx") as port,
        proxied(f"http://localhost:{port}", tmp_path) as running,
    ):
        yield running


async def test_a_file_arrives_whole(box: Proxied) -> None:
    response = await box.ask("GET", "/movie.mp4")
    assert (response.status, response.value("content-length")) == (200, str(len(MOVIE)))
    assert hashlib.sha256(response.body).digest() == hashlib.sha256(MOVIE).digest()


async def test_a_range_is_the_servers_own_response(box: Proxied) -> None:
    response = await box.ask("GET", "/movie.mp4", (("range", "bytes=1000-1999"),))
    assert (response.status, response.body) == (206, MOVIE[1000:2000])
    assert response.value("content-range") == f"bytes 1000-1999/{len(MOVIE)}"


async def test_ranges_in_several_parts_pass(box: Proxied) -> None:
    response = await box.ask("GET", "/movie.mp4", (("range", "bytes=0-1,10-11"),))
    assert response.status == 206
    assert (response.value("content-type") or "").startswith("multipart/byteranges")


async def test_a_range_beyond_the_end_is_refused_by_the_server(box: Proxied) -> None:
    response = await box.ask("GET", "/movie.mp4", (("range", "bytes=99999999-"),))
    assert (response.status, response.error) == (416, "")


async def test_head_gets_the_length(box: Proxied) -> None:
    response = await box.ask("HEAD", "/movie.mp4")
    assert (response.value("content-length"), response.body) == (str(len(MOVIE)), b"")


async def test_what_is_not_modified_is_not_sent(box: Proxied) -> None:
    tag = (await box.ask("HEAD", "/movie.mp4")).value("etag") or ""
    response = await box.ask("GET", "/movie.mp4", (("if-none-match", tag),))
    assert (response.status, response.value("etag"), response.body) == (304, tag, b"")


async def test_compression_is_between_visitor_and_app(box: Proxied) -> None:
    response = await box.ask("GET", "/lines.txt", (("accept-encoding", "gzip"),))
    assert response.value("content-encoding") == "gzip"
    assert gzip.decompress(response.body) == b"word " * 1000


async def test_what_is_not_there_is_the_apps_own_404(box: Proxied) -> None:
    response = await box.ask("GET", "/nothing")
    assert (response.status, response.error) == (404, "")


async def test_a_status_of_its_own_passes(box: Proxied) -> None:
    response = await box.ask("GET", "/teapot")
    assert (response.status, response.body) == (418, b"short and stout")


async def test_a_redirect_stays_with_the_app(box: Proxied) -> None:
    response = await box.ask("GET", "/old")
    assert (response.status, response.value("location")) == (301, "/new?x=1")


async def test_an_upload_is_stored_and_deleted(box: Proxied) -> None:
    stored = await box.ask("PUT", "/dav/new.bin", body=b"x" * 300_000)
    assert stored.status == 201
    assert (await box.ask("GET", "/dav/new.bin")).body == b"x" * 300_000
    assert (await box.ask("DELETE", "/dav/new.bin")).status == 204


async def test_an_upload_that_the_server_refuses_early_shows_so(box: Proxied) -> None:
    body = b"x" * (4 << 20)  # above client_max_body_size
    response = await box.ask("PUT", "/dav/big.bin", (("content-length", str(len(body))),), body)
    assert (response.status, response.error) == (413, "")


async def test_an_empty_file_is_an_empty_response(box: Proxied, tmp_path: Path) -> None:
    (tmp_path / "nginx" / "www" / "empty.txt").touch()
    response = await box.ask("GET", "/empty.txt")
    assert (response.status, response.value("content-length"), response.body) == (200, "0", b"")


async def test_connections_that_the_server_ends_now_and_then_do_not_show(box: Proxied) -> None:
    """keepalive_requests is 20, so the server closes each connection many times over."""
    for _ in range(10):
        responses = await asyncio.gather(*(box.ask("GET", "/lines.txt") for _ in range(20)))
        assert {response.status for response in responses} == {200}
