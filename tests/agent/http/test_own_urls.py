"""What fields of a response reveal of the upstream, for a visitor who calls it otherwise."""

from __future__ import annotations

import pytest

from p2claw.agent.http.own_urls import mapped_back, origins_of
from p2claw.agent.upstream.address import parse_upstream
from p2claw.wire.frames.limits import ORIGINS

UPSTREAM = parse_upstream("3000")
PUBLIC = "https://dog-purplecrab.p2claw.example"


def mapped(name: str, value: str, *, known: bool = True) -> str:
    return mapped_back(name, value, UPSTREAM, PUBLIC, known=known)


def test_the_origin_that_the_app_is_asked_by_is_the_first_of_its_own() -> None:
    own = origins_of(UPSTREAM)
    assert own[0] == "http://localhost:3000"
    assert {"http://127.0.0.1:3000", "http://[::1]:3000", "https://localhost:3000"} <= set(own)


@pytest.mark.parametrize("upstream", ["3000", "127.0.0.9:80", "[::1]:443", "unix:/run/app.sock"])
def test_own_origins_are_as_browsers_write_them_and_fit_a_head(upstream: str) -> None:
    own = origins_of(parse_upstream(upstream))
    assert len(own) == len(set(own)) <= ORIGINS
    assert not any(
        origin.endswith(":80" if origin.startswith("http://") else ":443") for origin in own
    )


@pytest.mark.parametrize(
    "name", ["location", "content-location", "sourcemap", "hx-redirect", "hx-push-url"]
)
def test_a_field_that_is_a_url_of_the_app_becomes_a_path(name: str) -> None:
    assert mapped(name, "http://localhost:3000/a?b") == "/a?b"
    assert mapped(name, "https://example.org/a") == "https://example.org/a"


def test_an_app_that_insists_on_https_leaves_its_port_out() -> None:
    assert mapped("location", "https://localhost/login") == "/login"


@pytest.mark.parametrize(
    ("raw", "escaped"),
    [
        ("/写真/", "/%E5%86%99%E7%9C%9F/"),
        ("?ü=1", "?%C3%BC=1"),
        ("http://localhost:3000/ü", "/%C3%BC"),
        ("https://example.org/ü", "https://example.org/%C3%BC"),
        ("/%C3%BC", "/%C3%BC"),
    ],
)
def test_raw_utf8_in_a_location_is_escaped_once(raw: str, escaped: str) -> None:
    assert mapped("location", raw.encode().decode("latin-1")) == escaped


def test_latin1_in_a_location_keeps_its_octets() -> None:
    assert mapped("location", "/\xfc") == "/%FC"


def test_a_link_names_the_public_url_where_that_is_known() -> None:
    link = '<http://localhost:3000/a?page=2>; rel="next", </b>; rel=prev, <https://e.org/>; rel=a'
    assert mapped("link", link) == link.replace("http://localhost:3000", PUBLIC)
    assert mapped("link", link, known=False) == link.replace("http://localhost:3000", "")


@pytest.mark.parametrize("name", ["access-control-allow-origin", "timing-allow-origin"])
def test_the_apps_own_origin_is_allowed_as_the_public_one(name: str) -> None:
    assert mapped(name, "http://localhost:3000") == PUBLIC
    assert mapped(name, "*") == "*"


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("default-src 'self'", "default-src 'self' http://localhost:3000"),
        ("img-src http://localhost:3000 data:", "img-src http://localhost:3000 data: 'self'"),
        ("img-src http://localhost:3000/i/", "img-src http://localhost:3000/i/ 'self'"),
        ("img-src 'self' http://localhost:3000", "img-src 'self' http://localhost:3000"),
        ("script-src 'none'", "script-src 'none'"),
        ("img-src https://example.org", "img-src https://example.org"),
        ("frame-ancestors 'self'", "frame-ancestors 'self'"),
        ("sandbox allow-scripts; form-action 'self'", None),
        ("upgrade-insecure-requests", "upgrade-insecure-requests"),
        ("", ""),
    ],
)
def test_in_a_policy_self_and_the_apps_own_origin_are_one(
    policy: str, expected: str | None
) -> None:
    if expected is None:
        expected = policy + " http://localhost:3000"
    assert mapped("content-security-policy", policy) == expected


def test_other_fields_stay_as_they_are() -> None:
    assert mapped("x-cat", "http://localhost:3000/a") == "http://localhost:3000/a"
