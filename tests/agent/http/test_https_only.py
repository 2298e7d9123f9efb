"""An app that serves nothing but https is sent the fields of https, once it asks for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from p2claw.agent.home.routes import Route
from p2claw.agent.http.https_only import asks_for_https
from p2claw.agent.upstream.address import parse_upstream
from tests.support.proxied import VISIT, proxied
from tests.support.upstreams import Talk, UpstreamRequest, upstream_of

ROUTE = Route("dog", parse_upstream("3000"))
HOST = VISIT.names.host("dog").partition(":")[0]


def asks(location: str, target: str = "/login?next=%2F", status: int = 301) -> bool:
    return asks_for_https(status, (("location", location),), target, ROUTE, VISIT)


@pytest.mark.parametrize("host", ["localhost", "localhost:3000", "127.0.0.1", "[::1]:3000", HOST])
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_to_the_same_url_by_https_is_known(host: str, status: int) -> None:
    assert asks(f"https://{host}/login?next=%2F", status=status)
    assert asks(f"https://{host}/login?next=/", status=status)


@pytest.mark.parametrize(
    "location",
    [
        "https://localhost/login",
        "https://localhost/login/?next=%2F",
        "http://localhost:3000/login?next=%2F",
        "/login?next=%2F",
        "https://example.org/login?next=%2F",
        "https://[localhost/login?next=%2F",
        "",
    ],
)
def test_any_other_redirect_is_none_of_that(location: str) -> None:
    assert not asks(location)


def test_a_response_that_is_no_redirect_is_none_of_that() -> None:
    assert not asks("https://localhost/login?next=%2F", status=201)


def _secure(request: UpstreamRequest) -> bool:
    return request.values("x-forwarded-proto") == ["https"]


async def _insists(talk: Talk) -> None:
    """As Rails: 308, without a port; the response names what the app was sent."""
    while request := await talk.request():
        if _secure(request):
            origin = "".join(request.values("origin"))
            await talk.respond(f"{request.method} {origin} ".encode() + request.body)
            continue
        to = f"https://localhost{request.target}".encode()
        await talk.send(b"HTTP/1.1 308 Moved\r\nlocation: " + to + b"\r\ncontent-length: 0\r\n\r\n")


ORIGIN = ("origin", f"http://{VISIT.names.host('dog')}")


async def test_a_request_without_a_body_is_asked_again_by_the_box(tmp_path: Path) -> None:
    async with upstream_of(_insists) as upstream, proxied(upstream.url, tmp_path) as box:
        first = await box.ask("GET", "/a")
        second = await box.ask("GET", "/b")
    assert (first.status, first.body) == (200, b"GET  ")
    assert second.status == 200
    assert [request.target for request in upstream.requests] == ["/a", "/a", "/b"]


async def test_a_request_with_a_body_is_repeated_by_the_visitor(tmp_path: Path) -> None:
    async with upstream_of(_insists) as upstream, proxied(upstream.url, tmp_path) as box:
        first = await box.ask("POST", "/a", (ORIGIN,), b"crab")
        second = await box.ask("POST", "/a", (ORIGIN,), b"crab")
    assert (first.status, first.value("location")) == (307, "/a")
    assert second.body == f"POST https://127.0.0.1:{upstream.port} crab".encode()


async def test_an_app_that_insists_whatever_it_is_sent_is_left_alone(tmp_path: Path) -> None:
    async def never(talk: Talk) -> None:
        while await talk.request():
            await talk.send(
                b"HTTP/1.1 302 Found\r\nlocation: https://localhost/a\r\ncontent-length: 0\r\n\r\n"
            )

    async with upstream_of(never) as upstream, proxied(upstream.url, tmp_path) as box:
        responses = [await box.ask("GET", "/a") for _ in range(2)]
    assert [(response.status, response.value("location")) for response in responses] == [
        (302, "/a")
    ] * 2
    assert len(upstream.requests) == 3
