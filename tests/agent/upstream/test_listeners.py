"""p2claw.agent.upstream.listeners: what the kernel lists."""

from __future__ import annotations

import socket
import sys
from ipaddress import ip_address
from pathlib import Path

import pytest

from p2claw.agent.upstream.address import parse_upstream
from p2claw.agent.upstream.listeners import Listeners, listed, read_listeners

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"


@pytest.mark.parametrize(
    ("local", "address"),
    [
        ("0100007F", "127.0.0.1"),
        ("00000000", "0.0.0.0"),
        ("00000000000000000000000001000000", "::1"),
        ("00000000000000000000000000000000", "::"),
        ("0000000000000000FFFF00000100007F", "127.0.0.1"),
        ("B80D0120000000000000000001000000", "2001:db8::1"),
    ],
)
def test_a_socket_that_listens_is_read(local: str, address: str) -> None:
    line = f"   0: {local}:0BB8 {'0' * len(local)}:0000 0A 00000000:00000000 00:00000000 0\n"
    assert list(listed(HEAD + line, "little")) == [(ip_address(address), 3000)]


def test_a_machine_with_the_other_order_of_bytes_is_read() -> None:
    line = "   0: 7F000001:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 0\n"
    assert list(listed(HEAD + line, "big")) == [(ip_address("127.0.0.1"), 3000)]


def test_a_connection_is_none() -> None:
    line = "   1: 0100007F:0BB8 0100007F:C001 01 00000000:00000000 00:00000000 0\n"
    assert list(listed(HEAD + line)) == []


@pytest.mark.parametrize(
    ("address", "upstream", "served"),
    [
        ("127.0.0.1", "3000", True),
        ("::1", "3000", True),
        ("0.0.0.0", "http://127.0.0.1:3000", True),
        ("::", "http://127.0.0.1:3000", True),
        ("127.0.0.1", "http://[::1]:3000", False),
        ("192.0.2.1", "3000", False),
        ("127.0.0.1", "3001", False),
    ],
)
def test_an_upstream_is_served_where_something_listens(
    address: str, upstream: str, served: bool
) -> None:
    listeners = Listeners([(ip_address(address), 3000)])
    assert listeners.may_serve(parse_upstream(upstream)) is served


def test_a_unix_socket_is_served_while_its_file_is_there(tmp_path: Path) -> None:
    path = tmp_path / "app.sock"
    listeners = Listeners([])
    assert not listeners.may_serve(parse_upstream(f"unix:{path}"))
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        assert listeners.may_serve(parse_upstream(f"unix:{path}"))
    path.unlink()
    path.write_bytes(b"")
    assert not listeners.may_serve(parse_upstream(f"unix:{path}"))


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone lists them")
def test_this_machine_is_asked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        upstream = parse_upstream(str(server.getsockname()[1]))
        during = read_listeners()
    after = read_listeners()
    assert during is not None and during.may_serve(upstream)
    assert after is not None and not after.may_serve(upstream)
