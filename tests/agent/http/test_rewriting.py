"""URLs of the upstream become paths; nothing of others changes, nothing new points elsewhere."""

from __future__ import annotations

import pytest

from p2claw.agent.http.rewriting import cookie_domain, local_cookie, local_reference, local_refresh
from p2claw.agent.upstream.address import parse_upstream

UPSTREAM = parse_upstream("http://localhost:3000")


@pytest.mark.parametrize(
    ("url", "reference"),
    [
        ("http://localhost:3000/login?next=/#top", "/login?next=/#top"),
        ("http://localhost:3000", "/"),
        ("http://localhost:3000?q=1", "/?q=1"),
        ("http://localhost:3000#top", "/#top"),
        ("http://LOCALHOST:3000/a", "/a"),
        ("https://localhost:3000/a", "/a"),
        ("http://127.0.0.1:3000/a", "/a"),
        ("http://[::1]:3000/a", "/a"),
        ("http://0.0.0.0:3000/a", "/a"),
        ("//localhost:3000/a", "/a"),
        (" http://localhost:3000/a ", "/a"),
    ],
)
def test_a_url_of_the_upstream_becomes_a_path(url: str, reference: str) -> None:
    assert local_reference(url, UPSTREAM) == reference


@pytest.mark.parametrize(
    "url",
    [
        "/login",
        "login",
        "?q=1",
        "",
        "http://localhost:3001/a",
        "http://localhost/a",
        "http://example.com:3000/a",
        "http://localhost.example.com:3000/a",
        "http://localhost:3000@example.com/",
        "//example.com/a",
        "mailto:a@localhost:3000",
        "javascript://localhost:3000/%0aalert(1)",
    ],
)
def test_any_other_url_stays_as_it_is(url: str) -> None:
    assert local_reference(url, UPSTREAM) == url


@pytest.mark.parametrize(
    ("url", "reference"),
    [
        ("http://localhost:3000//example.com/", "/.//example.com/"),
        ("http://localhost:3000/\\example.com/", "/./\\example.com/"),
        ("http://localhost:3000/\t/example.com/", "/./\t/example.com/"),
        ("http://localhost:3000\\@example.com/", "/./\\@example.com/"),
    ],
)
def test_a_path_that_looks_like_a_host_does_not_become_one(url: str, reference: str) -> None:
    assert local_reference(url, UPSTREAM) == reference


def test_port_80_needs_no_port() -> None:
    upstream = parse_upstream("http://localhost:80")
    assert local_reference("http://localhost/a", upstream) == "/a"
    assert local_reference("https://localhost/a", upstream) == "/a"


def test_an_address_of_its_own_is_known() -> None:
    upstream = parse_upstream("http://127.0.0.9:3000")
    assert local_reference("http://127.0.0.9:3000/a", upstream) == "/a"


@pytest.mark.parametrize(
    ("value", "mapped"),
    [
        ("5; url=http://localhost:3000/next", "5; url=/next"),
        ("0;URL='http://localhost:3000/next'", "0;URL='/next'"),
        ("5", "5"),
        ("5; url=http://example.com/", "5; url=http://example.com/"),
        ("5; url=" + "x" * 5000, "5; url=" + "x" * 5000),
    ],
)
def test_a_refresh_is_mapped_like_a_location(value: str, mapped: str) -> None:
    assert local_refresh(value, UPSTREAM) == mapped


@pytest.mark.parametrize(
    ("cookie", "without"),
    [
        ("a=b; Domain=localhost; Path=/", "a=b; Path=/"),
        ("a=b; path=/; DOMAIN = .LocalHost ;HttpOnly", "a=b; path=/;HttpOnly"),
        ("a=b; Domain=127.0.0.1", "a=b"),
        ("a=b; Domain=example.com; Domain=localhost", "a=b"),
        ("a=b; Domain", "a=b; Domain"),
        ("a=b; Domain=.", "a=b; Domain=."),
        ("a=b; Domain=example.com", "a=b; Domain=example.com"),
        ("a=b; Domain=notlocalhost", "a=b; Domain=notlocalhost"),
        ("domain=x; Path=/", "domain=x; Path=/"),
        ("a=b", "a=b"),
    ],
)
def test_a_cookie_loses_the_upstreams_domain_and_nothing_else(cookie: str, without: str) -> None:
    assert local_cookie(cookie, UPSTREAM) == without


def test_the_last_domain_of_a_cookie_counts() -> None:
    assert cookie_domain("a=b; Domain=one.example; domain = .Two.Example") == "two.example"
    assert cookie_domain("domain=a; Path=/") == ""
