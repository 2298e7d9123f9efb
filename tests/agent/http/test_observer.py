"""What an app does that its visitors suffer from is noticed as it passes, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from p2claw.agent.home.routes import Route
from p2claw.agent.http.notices import Notice
from p2claw.agent.http.observer import Observer
from p2claw.agent.upstream.address import parse_upstream
from tests.support.proxied import proxied
from tests.support.upstreams import Handler, Talk, upstream_of

Fields = tuple[tuple[str, str], ...]
HTML = "Content-Type: text/html"


def sends(status: str, *fields: str, body: str = "") -> Handler:
    head = "\r\n".join([f"HTTP/1.1 {status}", *fields, f"Content-Length: {len(body)}"])

    async def handler(talk: Talk) -> None:
        while await talk.request():
            await talk.send(f"{head}\r\n\r\n{body}".encode())

    return handler


async def noticed(
    handler: Handler,
    tmp_path: Path,
    fields: Fields = (),
    change: Callable[[Route], Route] = lambda route: route,
    times: int = 1,
) -> list[tuple[str, str]]:
    """Code and detail, with the port of the upstream as PORT."""
    async with (
        upstream_of(handler) as upstream,
        proxied(upstream.url, tmp_path, change=change) as box,
    ):
        for _ in range(times):
            await box.ask("GET", "/x", fields)
        port = str(upstream.port)
        return [(notice.code, notice.detail.replace(port, "PORT")) for notice in box.notices]


@pytest.mark.parametrize(
    ("handler", "fields", "right"),
    [
        (sends("200 OK", "Set-Cookie: a=b; Domain=.example.com"), (), "cookie-domain example.com"),
        (sends("302 Found", "Location: http://localhost:3000/"), (), ""),
        (sends("200 OK", HTML, body='<a href="http://localhost:8001/x">'), (),
         "local-url localhost:8001"),
        (sends("200 OK", "Content-Type: application/json", body='["http://127.0.0.1:9/"]'),
         (), ""),
        (sends("200 OK", "Content-Type: application/json", body='["http://127.0.0.1:90/"]'),
         (), "local-url 127.0.0.1:90"),
        (sends("200 OK", "Content-Type: text/javascript", body="'http://localhost:81'"), (), ""),
        (sends("200 OK", "Content-Type: video/mp4", body="x"), (("range", "bytes=5-"),),
         "no-ranges video/mp4"),
        (sends("200 OK", "Content-Type: video/mp4", body="x"), (("range", "bytes=0-"),), ""),
        (sends("200 OK", "Content-Type: video/mp4", body="x"), (), ""),
        (sends("206 Partial", "Content-Type: video/mp4", body="x"), (("range", "bytes=5-"),), ""),
        (sends("200 OK", HTML, body="x"), (("range", "bytes=5-"),), ""),
        (sends("403 No", "Content-Type: text/plain", body="Blocked request. This host (x) is"),
         (), "host-refused 403"),
        (sends("400 No", HTML, body="<h1>DisallowedHost at /</h1>"), (), "host-refused 400"),
        (sends("403 No", HTML, body="Origin checking failed - x does"), (), "origin-refused 403"),
        (sends("403 No", HTML, body="You may not"), (), ""),
        (sends("200 OK", HTML, body="DisallowedHost explained"), (), ""),
    ],
)  # fmt: skip
async def test_a_response_shows_it(
    handler: Handler, fields: Fields, right: str, tmp_path: Path
) -> None:
    notices = await noticed(handler, tmp_path, fields, times=2)
    assert [" ".join(each) for each in notices] == ([right] if right else [])


async def test_urls_of_the_upstream_itself_are_distinguished_from_others(tmp_path: Path) -> None:
    async def handler(talk: Talk) -> None:
        while request := await talk.request():
            (host,) = request.values("host")
            page = f'<link href="http://{host}/a.css"><script src="http://localhost:1234/b.js">'
            head = f"HTTP/1.1 200 OK\r\n{HTML}\r\nContent-Length: {len(page)}\r\n\r\n"
            await talk.send((head + page).encode())

    right = [("own-url", "127.0.0.1:PORT"), ("local-url", "localhost:1234")]
    assert await noticed(handler, tmp_path) == right


async def test_a_location_of_the_upstream_is_noticed_where_it_is_mapped_back(
    tmp_path: Path,
) -> None:
    async def handler(talk: Talk) -> None:
        while request := await talk.request():
            (host,) = request.values("host")
            head = f"HTTP/1.1 302 Found\r\nLocation: http://{host}/y\r\nContent-Length: 0\r\n\r\n"
            await talk.send(head.encode())

    def preserving(route: Route) -> Route:
        return replace(route, preserve_host=True)

    assert [code for code, _ in await noticed(handler, tmp_path)] == ["own-url"]
    assert await noticed(handler, tmp_path, change=preserving) == []


@pytest.mark.parametrize("believes", [True, False])
async def test_an_app_that_does_not_believe_that_it_has_https_goes_in_circles(
    believes: bool, tmp_path: Path
) -> None:
    async def handler(talk: Talk) -> None:
        while request := await talk.request():
            if believes and request.values("x-forwarded-proto") == ["https"]:
                await talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            else:
                await talk.send(
                    b"HTTP/1.1 301 Moved\r\nLocation: https://localhost/x\r\n"
                    b"Content-Length: 0\r\n\r\n"
                )

    codes = [code for code, _ in await noticed(handler, tmp_path, times=3)]
    assert codes == ([] if believes else ["https-loop", "own-url"])


def test_a_handshake_that_is_forbidden_with_an_origin_is_noticed() -> None:
    notices: list[Notice] = []
    observer = Observer(notices.append)
    for status, with_origin in ((403, True), (403, True), (403, False), (404, True)):
        observer.socket_refused("dog", status, with_origin=with_origin)
    assert notices == [Notice("dog", "origin-refused", "WebSocket, 403")]


def test_a_changed_route_may_be_logged_again() -> None:
    notices: list[Notice] = []
    observer = Observer(notices.append)
    for port in ("3000", "4000"):
        observer.keep({"dog": Route("dog", parse_upstream(port))})
        observer.insists_on_https("dog")
    assert len(notices) == 2


async def test_each_visit_is_reported_once_with_the_response_that_shows_it(tmp_path: Path) -> None:
    cookie = "Set-Cookie: a=b; Domain=example.com"
    async with (
        upstream_of(sends("200 OK", cookie)) as upstream,
        proxied(upstream.url, tmp_path) as box,
    ):
        notices = [(await box.ask("GET", "/")).head.notice for _ in range(3)]
    assert notices == [Notice("dog", "cookie-domain", "example.com").line, "", ""]


async def test_what_most_apps_do_is_not_noticed(tmp_path: Path) -> None:
    async def handler(talk: Talk) -> None:
        while request := await talk.request():
            (host,) = request.values("host")
            head = f"HTTP/1.1 302 Found\r\nLocation: http://{host}/y\r\nContent-Length: 0\r\n\r\n"
            await talk.send(head.encode())

    async with upstream_of(handler) as upstream, proxied(upstream.url, tmp_path) as box:
        notices = [(await box.ask("GET", "/")).head.notice for _ in range(2)]
        assert [notice.code for notice in box.notices] == ["own-url"]
    assert notices == ["", ""]
