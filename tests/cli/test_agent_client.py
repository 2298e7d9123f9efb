"""Asking an agent that is not as it should be."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from p2claw.cli.agent_client import AgentClient
from p2claw.errors import P2clawError, UsageError


@contextmanager
def responding(path: Path, response: bytes) -> Iterator[None]:
    """A unix socket that sends `response` to whatever it is asked, once."""
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen(1)

    def serve() -> None:
        asking, _ = listening.accept()
        with asking:
            asking.recv(4096)
            asking.sendall(response)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield
    thread.join(10)
    listening.close()


def http(status: str, body: bytes) -> bytes:
    return b"HTTP/1.1 %s\r\ncontent-length: %d\r\n\r\n%s" % (status.encode(), len(body), body)


def test_without_a_socket_no_agent_runs(home: Path) -> None:
    assert not AgentClient(home / "agent.sock").running()


def test_a_socket_left_behind_by_a_crash_is_no_agent(home: Path) -> None:
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(home / "agent.sock"))
    left.close()
    assert not AgentClient(home / "agent.sock").running()


@pytest.mark.parametrize("response", [b"", b"what?\r\n\r\n", http("200 OK", b"not json")])
def test_a_response_that_is_none_is_agent_silent(home: Path, response: bytes) -> None:
    with responding(home / "s", response), pytest.raises(P2clawError) as raised:
        AgentClient(home / "s").ask("GET", "/v1/status")
    assert raised.value.code == "agent-silent"


def test_an_error_of_the_agent_keeps_its_code_and_hint(home: Path) -> None:
    body = b'{"error": {"code": "app-unknown", "message": "no dog", "hint": "expose it"}}'
    with responding(home / "s", http("404 Not Found", body)), pytest.raises(UsageError) as raised:
        AgentClient(home / "s").ask("DELETE", "/v1/routes/dog")
    assert (raised.value.code, raised.value.hint) == ("app-unknown", "expose it")


def test_a_fault_of_the_agent_is_not_wrong_usage(home: Path) -> None:
    body = b'{"error": {"code": "internal", "message": "oh"}}'
    response = http("500 Internal Server Error", body)
    with responding(home / "s", response), pytest.raises(P2clawError) as raised:
        AgentClient(home / "s").ask("GET", "/v1/status")
    assert not isinstance(raised.value, UsageError)
