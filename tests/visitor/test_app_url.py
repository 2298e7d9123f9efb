"""URLs that a visitor opens."""

from __future__ import annotations

import pytest

from p2claw.errors import UsageError
from p2claw.visitor.app_url import parse_app_url

PEER_ID = "a" * 52


def test_a_url_names_app_and_box() -> None:
    address = parse_app_url("https://my-dog-purplecrab.example.org/a/b?c=d")
    assert (address.app, address.alias, address.target) == ("my-dog", "purplecrab", "/a/b?c=d")


def test_a_url_without_a_path_asks_for_the_root() -> None:
    assert parse_app_url("https://dog-purplecrab.example.org").target == "/"


def test_a_host_without_an_app_names_the_box() -> None:
    address = parse_app_url("https://purplecrab.example.org/")
    assert (address.app, address.alias) == (None, "purplecrab")


@pytest.mark.parametrize(
    ("url", "visit_url"),
    [
        ("http://dog-crab.localhost:8787/", "ws://dog-crab.localhost:8787/__p2claw/v1/visit"),
        ("http://dog-crab.example/", "ws://dog-crab.example:80/__p2claw/v1/visit"),
        ("https://dog-crab.example/", "wss://dog-crab.example:443/__p2claw/v1/visit"),
    ],
)
def test_the_introduction_is_asked_of_the_urls_own_host(url: str, visit_url: str) -> None:
    assert parse_app_url(url).visit_url == f"{visit_url}?v=2&alias=crab&app=dog"


@pytest.mark.parametrize(
    ("edge", "start"),
    [
        ("http://127.0.0.1:8787", "ws://127.0.0.1:8787/"),
        ("https://edge.example", "wss://edge.example:443/"),
        ("http://[::1]:8787", "ws://[::1]:8787/"),
    ],
)
def test_another_edge_is_dialled_and_the_host_is_kept(edge: str, start: str) -> None:
    address = parse_app_url("https://Dog-Crab.Example:8443/", edge=edge)
    assert address.visit_url.startswith(start)
    assert address.host == "dog-crab.example:8443"


def test_the_url_may_name_the_key() -> None:
    assert parse_app_url(f"https://dog-crab.example/#k={PEER_ID}").peer_id == PEER_ID


def test_a_key_that_is_given_apart_counts_more() -> None:
    other = "b" * 51 + "a"
    assert parse_app_url(f"https://dog-crab.example/#k={PEER_ID}", key=other).peer_id == other


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("dog-crab.example", "url-invalid"),
        ("ftp://dog-crab.example/", "url-invalid"),
        ("http://", "url-invalid"),
        ("http://user@dog-crab.example/", "url-invalid"),
        ("http://dog-crab.example:99999/", "url-invalid"),
        ("http://[::1", "url-invalid"),
        ("http://dog-crab..example/", "url-invalid"),
        (f"http://dog-crab.{'a' * 64}.example/", "url-invalid"),
        ("http://127.0.0.1:8787/", "host-invalid"),
        ("http://-crab.example/", "host-invalid"),
        ("http://dog-crab.example/#k=short", "peer-id-invalid"),
    ],
)
def test_what_is_no_url_of_an_app_is_refused(url: str, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_app_url(url)
    assert caught.value.code == code


def test_what_is_no_edge_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        parse_app_url("http://dog-crab.example/", edge="127.0.0.1:8787")
    assert caught.value.code == "edge-invalid"
