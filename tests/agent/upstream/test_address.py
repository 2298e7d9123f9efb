"""The grammar of upstreams: what is understood, and that nothing but this machine is dialled."""

from __future__ import annotations

import pytest

from p2claw.agent.upstream.address import UpstreamAddress, parse_upstream
from p2claw.errors import UsageError


def refused(text: str) -> str:
    with pytest.raises(UsageError) as caught:
        parse_upstream(text)
    return caught.value.code


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("3000", "http://localhost:3000"),
        (" 3000 ", "http://localhost:3000"),
        ("localhost:3000", "http://localhost:3000"),
        ("127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://localhost:3000/", "http://localhost:3000"),
        ("HTTP://LOCALHOST:3000", "http://localhost:3000"),
        ("http://localhost", "http://localhost"),
        ("http://localhost:80", "http://localhost"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("http://127.8.9.10:3000", "http://127.8.9.10:3000"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("unix:/run/app.sock", "unix:/run/app.sock"),
        ("unix:///run/app.sock", "unix:/run/app.sock"),
        ("unix:/run/my app.sock", "unix:/run/my app.sock"),
        ("folder:/srv/photos", "folder:/srv/photos"),
        ("folder:/srv/a blank ", "folder:/srv/a blank "),
    ],
)
def test_an_upstream_is_understood(text: str, canonical: str) -> None:
    assert parse_upstream(text).text == canonical


@pytest.mark.parametrize(
    "text", ["3000", "http://127.0.0.1:81", "http://[::1]", "unix:/a.sock", "folder:/a"]
)
def test_the_stored_form_is_read_back_the_same(text: str) -> None:
    address = parse_upstream(text)
    assert parse_upstream(address.text) == address


@pytest.mark.parametrize(
    "text",
    [
        "http://192.168.1.4:3000",
        "http://10.0.0.1",
        "http://0.0.0.0:3000",
        "http://169.254.169.254/",
        "http://example.com",
        "http://localhost.example.com:3000",
        "http://app.localhost:3000",
        "http://[::]:3000",
        "http://[fe80::1]:3000",
        "http://[::ffff:127.0.0.1]:3000",
        "http://[::1%lo]:3000",
        "http://127.1:3000",
        "http://2130706433:3000",
        "http://0x7f000001:3000",
        "http://0177.0.0.1:3000",
        "nas.local:3000",
    ],
)
def test_another_machine_is_refused(text: str) -> None:
    assert refused(text) == "upstream-not-loopback"


@pytest.mark.parametrize(
    "text", ["", "dog cat", "http://", "http://:3000", "http://a@localhost:1", "http://localhost:",
             "http://[::1:3000", "http://loc\talhost:1", "http://lo\\calhost:1", "http://ľocalhost"]
)  # fmt: skip
def test_nonsense_is_refused(text: str) -> None:
    assert refused(text) == "upstream-invalid"


@pytest.mark.parametrize("text", ["0", "65536", "99999999999999", "http://localhost:0"])
def test_a_port_out_of_range_is_refused(text: str) -> None:
    assert refused(text) == "upstream-port"


@pytest.mark.parametrize("text", ["ftp://localhost", "ws://localhost:1", "wss://localhost"])
def test_another_scheme_is_refused(text: str) -> None:
    assert refused(text) == "upstream-scheme"


@pytest.mark.parametrize(
    "text",
    [
        "http://localhost:3000/app",
        "http://localhost:3000?x=1",
        "http://localhost:3000/?",
        "http://localhost:3000#x",
        "unix:app.sock",
        "unix:",
        "unix:/",
        "unix:/run/",
        "unix:/a\0b",
        "unix:/" + "x" * 103,
        "folder:srv",
        "folder:",
        "folder:/a/../b",
        "folder:/a/",
        "folder:/a\0b",
    ],
)
def test_a_path_has_no_place_and_a_socket_needs_a_whole_one(text: str) -> None:
    assert refused(text) == "upstream-path"


def test_a_refusal_shows_what_would_be_right() -> None:
    with pytest.raises(UsageError) as caught:
        parse_upstream("dog cat")
    assert "http://localhost:3000" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "authority"),
    [
        ("3000", "localhost:3000"),
        ("http://localhost", "localhost"),
        ("http://[::1]:3000", "[::1]:3000"),
        ("unix:/a.sock", "localhost"),
    ],
)
def test_the_authority_is_what_the_upstream_calls_itself(text: str, authority: str) -> None:
    assert parse_upstream(text).authority == authority


def test_localhost_is_dialled_as_loopback_without_a_resolver() -> None:
    assert parse_upstream("3000").dial_hosts() == ("127.0.0.1", "::1")


def test_an_address_that_was_not_parsed_is_checked_when_it_is_dialled() -> None:
    with pytest.raises(UsageError) as caught:
        UpstreamAddress("192.168.1.4", 80).dial_hosts()
    assert caught.value.code == "upstream-not-loopback"
