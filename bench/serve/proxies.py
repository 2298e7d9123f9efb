"""Reverse proxies of others, with TLS and HTTP/2, before the upstream of a bench."""

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
from pathlib import Path

from bench.serve.h2load import Connections
from bench.serve.server import Server
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
        listen 127.0.0.1:{port} ssl http2;
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


@contextlib.asynccontextmanager
async def _nginx(home: Path, upstream: str) -> AsyncIterator[Server]:
    """A master and the one worker that serves."""
    program = _program("nginx", "nginx-light")
    port = _prepare(home)
    text = _NGINX.format(
        home=home,
        upstream=upstream.removeprefix("http://"),
        port=port,
        user="user root;" if os.geteuid() == 0 else "",
    )
    configuration = home / "nginx.conf"
    configuration.write_text(text)
    async with _running(home, port, program, "-e", home / "error.log", "-c", configuration) as pid:
        yield Server("nginx", (pid, *_children(pid)), Connections(port, home).load)


@contextlib.asynccontextmanager
async def _caddy(home: Path, upstream: str) -> AsyncIterator[Server]:
    program = _program("caddy", "caddy")
    port = _prepare(home)
    proxy = {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": upstream.removeprefix("http://")}],
    }
    files = [{"certificate": str(home / "cert.pem"), "key": str(home / "key.pem")}]
    served = {
        "listen": [f"127.0.0.1:{port}"],
        "routes": [{"handle": [proxy]}],
        "tls_connection_policies": [{}],
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
    async with _running(home, port, program, "run", "--config", configuration) as pid:
        yield Server("caddy", (pid,), Connections(port, home).load)


PROXIES: dict[str, Callable[[Path, str], AbstractAsyncContextManager[Server]]] = {
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


def _prepare(home: Path) -> int:
    """Write a certificate; a free port."""
    write_certificate(home, "bench", names=("localhost",))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@contextlib.asynccontextmanager
async def _running(home: Path, port: int, *command: object) -> AsyncIterator[int]:
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
            while not await _listens(port):
                if process.returncode is not None:
                    text = (home / "output.log").read_text()
                    raise UsageError(f"{command[0]} ended: {text}", code="bench-program-failed")
                await asyncio.sleep(0.05)
        yield process.pid
    finally:
        if process.returncode is None:
            process.terminate()
            await asyncio.wait_for(process.wait(), END_S)


async def _listens(port: int) -> bool:
    with contextlib.suppress(OSError):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        return True
    return False


def _children(pid: int) -> list[int]:
    return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
