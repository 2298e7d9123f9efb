"""Settings: what is accepted, what is refused with which code, what the environment says."""

from __future__ import annotations

from pathlib import Path

import pytest

from p2claw.config import AgentConfig, PublicAddress, ServerConfig, home_dir, parse_listen
from p2claw.config.agent import IS_PORT_SHARED
from p2claw.errors import UsageError


def test_the_home_is_the_named_directory(tmp_path: Path) -> None:
    assert home_dir({"P2CLAW_HOME": str(tmp_path)}) == tmp_path


def test_the_home_is_absolute_even_if_named_relatively() -> None:
    assert home_dir({"P2CLAW_HOME": "here"}) == Path.cwd() / "here"


def test_the_home_is_below_the_users_home_by_default() -> None:
    assert home_dir({}) == Path.home() / ".p2claw"


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("http://localhost:8787", "http://localhost:8787"),
        ("https://p2claw.example", "https://p2claw.example"),
        ("https://P2CLAW.example:444/", "https://p2claw.example:444"),
        ("HTTPS://p2claw.example:443", "https://p2claw.example"),
        ("http://p2claw.example:80/", "http://p2claw.example"),
        ("http://p2claw.example:443", "http://p2claw.example:443"),
        ("http://[2001:DB8::7]:81", "http://[2001:db8::7]:81"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_a_coordinator_is_written_in_one_way(url: str, written: str) -> None:
    assert AgentConfig(coordinator=url).coordinator == written


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:8787",
        "ws://localhost:8787",
        "http://",
        "http://h/path",
        "http://h?q=1",
        "http://h#f",
        "http://user@h",
        "http://h:0",
        "http://h:99999",
        "http://h:x",
        "http://[::1",
        "http://a b",
        "http://h\x1b[31m",
        "https://" + "ü" * 70,
    ],
)
def test_anything_else_is_no_coordinator(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        AgentConfig(coordinator=url)
    assert caught.value.code == "coordinator-invalid"


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("apps.example.org", "https://apps.example.org"),
        ("apps.example.org:8443", "https://apps.example.org:8443"),
        ("localhost:18787", "http://localhost:18787"),
        ("https://apps.example.org/path", "https://apps.example.org"),
        ("wss://apps.example.org", "https://apps.example.org"),
        ("nonsense", "http://localhost:8787"),
    ],
)
def test_what_was_probably_meant_is_suggested(given: str, meant: str) -> None:
    with pytest.raises(UsageError) as caught:
        AgentConfig(coordinator=given)
    assert caught.value.hint.endswith(f"for example {meant}")


def test_the_audience_is_the_dialled_name_in_lower_case() -> None:
    assert AgentConfig(coordinator="https://P2claw.Example:444/").audience == "p2claw.example:444"


@pytest.mark.parametrize("workers", [0, -1, 65])
def test_a_number_of_workers_has_its_limits(workers: int) -> None:
    with pytest.raises(UsageError) as caught:
        AgentConfig(workers=workers)
    assert caught.value.code == "workers-invalid"


@pytest.mark.parametrize(("port", "workers"), [(0, 64), (1, 1), (65_535, 1), (65_532, 4)])
def test_there_is_a_udp_port_for_each_worker(port: int, workers: int) -> None:
    assert AgentConfig(udp_port=port, workers=workers).udp_port == port


@pytest.mark.parametrize(
    ("port", "workers"),
    [(-1, 1), (65_536, 1), (-3, 64), (65_536 if IS_PORT_SHARED else 65_533, 4)],
)
def test_ports_that_there_are_not_are_refused(port: int, workers: int) -> None:
    with pytest.raises(UsageError) as caught:
        AgentConfig(udp_port=port, workers=workers)
    assert caught.value.code == "udp-port-invalid"


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("127.0.0.1:8787", ("127.0.0.1", 8787)),
        ("[::1]:0", ("::1", 0)),
        (":80", ("", 80)),
        ("localhost:443", ("localhost", 443)),
    ],
)
def test_a_listen_address_has_a_host_and_a_port(text: str, parsed: tuple[str, int]) -> None:
    assert parse_listen(text) == parsed


@pytest.mark.parametrize("text", ["", "8787", "host:", "host:x", "host:65536", "::1:80", "h:٣"])
def test_anything_else_is_no_listen_address(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        ServerConfig(listen=text)
    assert caught.value.code == "listen-invalid"


def test_a_certificate_without_its_key_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        ServerConfig(tls_cert=Path("cert.pem"))
    assert caught.value.code == "tls-incomplete"


def test_a_turn_server_without_its_secret_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        ServerConfig(turn_urls=("turn:turn.example:3478",))
    assert caught.value.code == "turn-secret-missing"


def test_the_turn_secret_is_not_shown_by_repr() -> None:
    assert "hush" not in repr(ServerConfig(turn_secret="hush"))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("198.51.100.7", PublicAddress("198.51.100.7", 0)),
        ("198.51.100.7:4100", PublicAddress("198.51.100.7", 4_100)),
        ("2001:db8::7", PublicAddress("2001:db8::7", 0)),
        ("2001:DB8::7", PublicAddress("2001:db8::7", 0)),
        ("[2001:db8::7]:4100", PublicAddress("2001:db8::7", 4_100)),
    ],
)
def test_a_public_address_may_have_a_port(text: str, read: PublicAddress) -> None:
    assert PublicAddress.parse(text) == read


@pytest.mark.parametrize(
    "text",
    ["", "box.example", "198.51.100", "198.51.100.7:", "198.51.100.7:0", "[::1]:99999", ":1"],
)
def test_anything_else_is_no_public_address(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        PublicAddress.parse(text)
    assert caught.value.code == "public-address-invalid"


def test_each_worker_is_expected_at_the_next_port() -> None:
    assert PublicAddress("198.51.100.7", 4_100).of_worker(2) == PublicAddress("198.51.100.7", 4_102)
    assert PublicAddress("198.51.100.7").of_worker(2) == PublicAddress("198.51.100.7")
