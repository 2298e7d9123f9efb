"""nginx and Caddy as they stand before an app: TLS and HTTP/2, and the upstream behind them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from p2claw.errors import UsageError
from tests.support.certificates import write_certificate

START_S = 10.0
END_S = 15.0

# As their manuals would have it for one small app: kept connections, no log, no buffer on disk.
_NGINX = """
daemon off;
{user}
worker_processes 1;
pid {home}/pid;
error_log {home}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    keepalive_requests 1000000;
    upstream app {{ server {upstream}; keepalive 64; keepalive_requests 1000000; }}
    server {{
        listen {host}:{port} ssl http2;
        ssl_certificate {home}/cert.pem;
        ssl_certificate_key {home}/key.pem;
        location / {{
            proxy_pass http://app;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
    }}
}}
"""


@dataclass(frozen=True, slots=True)
class Proxy:
    """One that runs. pids: of all its processes, that which serves last."""

    port: int
    pids: tuple[int, ...]


@contextlib.asynccontextmanager
async def _nginx(home: Path, upstream: str, host: str) -> AsyncIterator[Proxy]:
    """A master and the one worker that serves."""
    program = _program("nginx", "nginx-light")
    port = _prepare(home, host)
    text = _NGINX.format(
        home=home,
        upstream=upstream.removeprefix("http://"),
        host=host,
        port=port,
        user="user root;" if os.geteuid() == 0 else "",
    )
    configuration = home / "nginx.conf"
    configuration.write_text(text)
    command = (program, "-e", home / "error.log", "-c", configuration)
    async with _running(home, (host, port), *command) as pid:
        while True:  # the port is open before there is a worker
            workers = _children(pid)
            if workers:
                break
            await asyncio.sleep(0.01)
        yield Proxy(port, (pid, *workers))


@contextlib.asynccontextmanager
async def _caddy(home: Path, upstream: str, host: str) -> AsyncIterator[Proxy]:
    program = _program("caddy", "caddy")
    port = _prepare(home, host)
    proxy = {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": upstream.removeprefix("http://")}],
    }
    files = [{"certificate": str(home / "cert.pem"), "key": str(home / "key.pem")}]
    served = {
        "listen": [f"{host}:{port}"],
        "routes": [{"handle": [proxy]}],
        "tls_connection_policies": [{"default_sni": "localhost"}],  # of who names an address
        "automatic_https": {"disable": True},
    }
    configuration = home / "caddy.json"
    configuration.write_text(
        json.dumps(
            {
                "admin": {"disabled": True},
                "apps": {
                    "http": {"servers": {"bench": served}},
                    "tls": {"certificates": {"load_files": files}},
                },
            }
        )
    )
    async with _running(home, (host, port), program, "run", "--config", configuration) as pid:
        yield Proxy(port, (pid,))


# Each starts one at a free port of a host, with a new folder, where its certificate is then.
PROXIES: dict[str, Callable[[Path, str, str], AbstractAsyncContextManager[Proxy]]] = {
    "caddy": _caddy,
    "nginx": _nginx,
}


def _program(name: str, package: str) -> str:
    """Raises UsageError `bench-program-missing`."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        raise UsageError(
            f"{name} is not installed",
            code="bench-program-missing",
            hint=f"On Debian: apt-get install {package}; or leave it out with --beside",
        )
    return found


def _prepare(home: Path, host: str) -> int:
    """Make the folder, and a certificate in it; a free port."""
    home.mkdir()
    write_certificate(home, "bench", names=("localhost",))
    with socket.socket() as free:
        free.bind((host, 0))
        port: int = free.getsockname()[1]
    return port


@contextlib.asynccontextmanager
async def _running(home: Path, address: tuple[str, int], *command: object) -> AsyncIterator[int]:
    """The pid of a proxy, from when it listens."""
    with (home / "output.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *map(str, command),
            stdin=DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, "HOME": str(home), "XDG_DATA_HOME": str(home)},
            start_new_session=True,  # Ctrl-C reaches who started it, which ends it
        )
    try:
        async with asyncio.timeout(START_S):
            while not await _listens(address):
                if process.returncode is not None:
                    text = (home / "output.log").read_text()
                    raise UsageError(f"{command[0]} ended: {text}", code="bench-program-failed")
                await asyncio.sleep(0.05)
        yield process.pid
    finally:
        if process.returncode is None:
            process.terminate()
            await asyncio.wait_for(process.wait(), END_S)


async def _listens(address: tuple[str, int]) -> bool:
    with contextlib.suppress(OSError):
        _, writer = await asyncio.open_connection(*address)
        writer.close()
        return True
    return False


def _children(pid: int) -> list[int]:
    return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
