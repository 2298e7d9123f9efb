"""A real Redis with a replica, and three Sentinels that let the replica take over. By TCP."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import redis

from tests.support.redis_server import folder_of_a_user

MASTER = "p2claw"
PORTS = (6379, 6380)
SENTINEL_PORTS = (26379, 26380, 26381)
# A server that is silent for so long is down; the replica has taken over a second or two later.
DOWN_S = 2.0
START_S = 15.0
FAILOVER_S = 40.0

_SENTINEL = """bind {address}
port {port}
dir {folder}
protected-mode no
sentinel monitor {master} {address} {first} 2
sentinel down-after-milliseconds {master} {down_ms}
sentinel failover-timeout {master} 10000
"""


class WatchedRedis:
    """Make it by `watched_redis`. Servers are numbered 0 and 1; nothing is kept on the disk."""

    def __init__(self, folder: Path, user: dict[str, Any], address: str, down_s: float) -> None:
        self.address = address
        self._down_s = down_s
        self._folder = folder
        self._user = user
        self._servers: dict[int, subprocess.Popen[bytes]] = {}
        self._sentinels: list[subprocess.Popen[bytes]] = []

    @property
    def url(self) -> str:
        """As `--bus` has it."""
        hosts = ",".join(f"{self.address}:{port}" for port in SENTINEL_PORTS)
        return f"redis+sentinel://{hosts}/{MASTER}"

    def start_all(self) -> None:
        """Servers first: Sentinels look for them at once."""
        self.start(0)
        self.start(1, replica_of=0)
        for port in SENTINEL_PORTS:
            file = self._folder / f"sentinel{port}.conf"
            text = _SENTINEL.format(
                address=self.address,
                port=port,
                folder=self._folder,
                master=MASTER,
                first=PORTS[0],
                down_ms=int(1000 * self._down_s),
            )
            file.write_text(text)
            if self._user:
                os.chown(file, self._user["user"], self._user["group"])
            self._sentinels.append(self._run(str(file), "--sentinel"))
        # Without a replica that all of them know there is nobody who could take over.
        for port in SENTINEL_PORTS:
            self._until(lambda client: len(client.sentinel_slaves(MASTER)) == 1, port)
            self._until(lambda client: len(client.sentinel_sentinels(MASTER)) == 2, port)

    def start(self, number: int, *, replica_of: int | None = None) -> None:
        """Begin to listen, knowing nothing, and return when it does."""
        options = ["--bind", self.address, "--port", str(PORTS[number]), "--protected-mode", "no"]
        options += ["--dir", str(self._folder), "--save", "", "--appendonly", "no"]
        options += ["--repl-diskless-sync-delay", "0"]
        if replica_of is not None:
            options += ["--replicaof", f"{self.address} {PORTS[replica_of]}"]
        self._servers[number] = self._run(*options)
        self._until(lambda client: client.ping(), PORTS[number])

    def stop(self, number: int) -> None:
        """End it at once, with every connection and all that it knows."""
        _end(self._servers.pop(number))

    def pause(self, number: int) -> None:
        """It responds to nobody, as behind a network that drops everything."""
        self._servers[number].send_signal(signal.SIGSTOP)

    def go_on(self, number: int) -> None:
        self._servers[number].send_signal(signal.SIGCONT)

    def master(self) -> int:
        """The number of the one that the Sentinels call master."""
        for port in SENTINEL_PORTS:
            with contextlib.suppress(redis.RedisError), self._client(port) as client:
                return PORTS.index(client.sentinel_get_master_addr_by_name(MASTER)[1])
        raise RuntimeError("no Sentinel responds")

    def taken_over_from(self, number: int) -> None:
        """Return when all Sentinels call the other one master, and it is."""
        other = PORTS[1 - number]
        for port in SENTINEL_PORTS:
            self._until(
                lambda client: client.sentinel_get_master_addr_by_name(MASTER)[1] == other,
                port,
                FAILOVER_S,
            )
        self._until(lambda client: client.role()[0] in (b"master", "master"), other)

    def has_replica(self) -> None:
        """Return when the master has its replica again: one loss more may come."""
        master = PORTS[self.master()]
        self._until(
            lambda client: client.info("replication").get("slave0", {}).get("state") == "online",
            master,
            FAILOVER_S,
        )

    def end(self) -> None:
        for process in (*self._sentinels, *self._servers.values()):
            _end(process)

    def _run(self, *options: str) -> subprocess.Popen[bytes]:
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(
                ["redis-server", *options], stdout=log, stderr=log, cwd=self._folder, **self._user
            )

    def _client(self, port: int) -> redis.Redis:
        return redis.Redis(self.address, port, socket_timeout=2.0, socket_connect_timeout=2.0)

    def _until(self, is_so: Any, port: int, seconds: float = START_S) -> None:
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(redis.RedisError), self._client(port) as client:
                if is_so(client):
                    return
            if time.monotonic() > deadline:
                text = (self._folder / "log").read_text()[-2000:]
                raise TimeoutError(f"Redis at port {port} is not as it should be:\n{text}")
            time.sleep(0.05)


@contextlib.contextmanager
def watched_redis(address: str, down_s: float = DOWN_S) -> Iterator[WatchedRedis]:
    """All of it, started, while the block runs; root has another user run it. The ports are always
    the same: make it in a network of its own.
    """
    with folder_of_a_user() as (folder, user):
        made = WatchedRedis(folder, user, address, down_s)
        try:
            made.start_all()
            yield made
        finally:
            made.end()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGCONT)
    process.kill()
    process.wait(START_S)
