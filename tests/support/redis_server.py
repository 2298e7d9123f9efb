"""A real Redis on a socket of its own, as an ordinary user, gone with the block."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import redis

START_S = 10.0
# Short, because the path of a socket is; and open to the user that runs the server.
_FOLDER = "/tmp"


def is_installed() -> bool:
    return shutil.which("redis-server") is not None


class RedisServer:
    """One server. It keeps nothing on the disk: after `stop` it has forgotten everything."""

    def __init__(self, folder: Path, user: dict[str, Any], port: int = 0) -> None:
        self.port = port
        self.url = f"unix://{folder}/socket"
        self._folder = folder
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Begin to listen, and return when it does."""
        self._process = subprocess.Popen(
            [
                *[
                    "redis-server",
                    "--port",
                    str(self.port),
                    "--unixsocket",
                    f"{self._folder}/socket",
                ],
                *["--unixsocketperm", "777", "--dir", str(self._folder)],
                *["--save", "", "--appendonly", "no"],
            ],
            stdout=subprocess.DEVNULL,
            **self._user,
        )
        deadline = time.monotonic() + START_S
        while True:
            try:
                with redis.Redis.from_url(self.url) as client:
                    client.ping()
                return
            except redis.RedisError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def stop(self) -> None:
        """End it at once, with every connection and all that it knows."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait(START_S)

    @property
    def is_up(self) -> bool:
        return self._process is not None

    def cpu_s(self) -> float:
        """What it has used of the processor so far."""
        assert self._process is not None
        return time.clock_gettime((~self._process.pid << 3) | 2)

    def pause(self) -> None:
        """It responds to nobody, as behind a network that drops everything."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def forget_all(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.flushall()


@contextlib.contextmanager
def folder_of_a_user() -> Iterator[tuple[Path, dict[str, Any]]]:
    """A folder for servers while the block runs, and who is to run them, as `Popen` has it: for
    root it is another user, whose the folder is."""
    with tempfile.TemporaryDirectory(prefix="p2claw-redis-", dir=_FOLDER) as name:
        folder = Path(name)
        user: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        yield folder, user


@contextlib.contextmanager
def redis_server(*, by_tcp: bool = False) -> Iterator[RedisServer]:
    """A server while the block runs; root has another user run it. by_tcp: on a port, too."""
    with folder_of_a_user() as (folder, user):
        server = RedisServer(folder, user, _free_port() if by_tcp else 0)
        try:
            yield server
        finally:
            server.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
