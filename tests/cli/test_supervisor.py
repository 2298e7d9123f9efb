"""What a process sends to its service manager, read from a real socket."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from p2claw.cli.supervisor import Supervisor, supervised
from tests.cli.program import argv_of, env_of
from tests.support.static_site import write_static_site

WAIT_S = 30.0


@pytest.fixture
def manager(home: Path) -> Iterator[socket.socket]:
    """The socket of a service manager, at `home/notify`."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(home / "notify"))
        listening.settimeout(WAIT_S)
        yield listening


def environ_of(home: Path, **more: str) -> dict[str, str]:
    return {"NOTIFY_SOCKET": str(home / "notify"), **more}


def test_ready_and_stopping_are_one_datagram_each(home: Path, manager: socket.socket) -> None:
    supervisor = Supervisor(environ_of(home))
    supervisor.ready()
    supervisor.stopping()
    assert [manager.recv(100), manager.recv(100)] == [b"READY=1", b"STOPPING=1"]


def test_the_socket_may_have_an_abstract_address() -> None:
    name = f"p2claw-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0{name}")
        manager.settimeout(WAIT_S)
        Supervisor({"NOTIFY_SOCKET": f"@{name}"}).ready()
        assert manager.recv(100) == b"READY=1"


def test_what_this_process_starts_does_not_write_to_the_manager(home: Path) -> None:
    environ = environ_of(home, WATCHDOG_USEC="1000", WATCHDOG_PID="1", OTHER="stays")
    Supervisor(environ)
    assert environ == {"OTHER": "stays"}


@pytest.mark.parametrize("name", ["", "vsock:2:9999", "relative", "/nowhere/at/all"])
def test_without_a_manager_that_listens_nothing_happens(name: str) -> None:
    supervisor = Supervisor({"NOTIFY_SOCKET": name})
    supervisor.ready()
    supervisor.stopping()


async def test_the_watchdog_is_fed_twice_as_often_as_is_asked_for(
    home: Path, manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ_of(home, WATCHDOG_USEC="200000").items():
        monkeypatch.setenv(name, value)
    async with supervised():
        before_s = time.monotonic()
        fed = [await asyncio.to_thread(manager.recv, 100) for _ in range(4)]
        took_s = time.monotonic() - before_s
    assert fed == [b"WATCHDOG=1"] * 4
    assert took_s >= 3 * 0.1 * 0.9


@pytest.mark.parametrize("more", [{}, {"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}])
async def test_no_watchdog_of_ours_is_not_fed(home: Path, more: dict[str, str]) -> None:
    await asyncio.wait_for(Supervisor(environ_of(home, **more)).watch(), WAIT_S)


def test_a_server_is_ready_once_it_listens_and_reports_that_it_stops(
    home: Path, manager: socket.socket
) -> None:
    arguments = [
        "server",
        "--listen",
        "127.0.0.1:0",
        "--static",
        str(write_static_site(home / "site")),
    ]
    env = env_of(home, **environ_of(home, WATCHDOG_USEC="60000000"))
    with subprocess.Popen(argv_of(*arguments), env=env, stdout=subprocess.PIPE) as process:
        notified = {manager.recv(100), manager.recv(100)}
        assert process.stdout is not None
        assert b"listen on http" in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        last = manager.recv(100)
    assert (notified, last, process.returncode) == ({b"WATCHDOG=1", b"READY=1"}, b"STOPPING=1", 0)
