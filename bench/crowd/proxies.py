"""nginx and Caddy as they stand before an app: TLS, HTTP/2, and the app behind them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from p2claw.errors import UsageError
from tests.support.certificates import write_certificate
from tests.support.nginx import listens, nginx

PORTS = {"nginx": 8443, "caddy": 8444}
START_S = 10.0

_NGINX = """
listen 0.0.0.0:{port} ssl http2;
ssl_certificate {folder}/cert.pem;
ssl_certificate_key {folder}/key.pem;
location ~ ^/(film|page|picture) {{
    proxy_pass http://files; proxy_http_version 1.1; proxy_set_header Connection "";
}}
"""
# As many as Caddy keeps for one upstream.
_UPSTREAM = "upstream files {{ server {address}; keepalive 32; keepalive_requests 1000000; }}"
_CADDY = """
{{
    admin off
    auto_https off
    log {{
        output discard
    }}
    servers {{
        protocols h1 h2
    }}
}}
:{port} {{
    tls {folder}/cert.pem {folder}/key.pem
    reverse_proxy {upstream}
}}
"""


@contextlib.asynccontextmanager
async def _nginx_before(folder: Path, upstream: str) -> AsyncIterator[int]:
    folder.mkdir()
    write_certificate(folder, "crowd")
    running = nginx(
        folder,
        requests_a_connection=1_000_000,
        locations=_NGINX.format(port=PORTS["nginx"], folder=folder),
        http=_UPSTREAM.format(address=upstream.removeprefix("http://")),
    )
    async with running:
        yield int((folder / "pid").read_text())


@contextlib.asynccontextmanager
async def _caddy_before(folder: Path, upstream: str) -> AsyncIterator[int]:
    program = shutil.which("caddy")
    if program is None:
        raise UsageError(
            "Caddy is not installed",
            code="caddy-missing",
            hint="Install Debian's package caddy, or leave it out: --beside nginx",
        )
    folder.mkdir()
    write_certificate(folder, "crowd")
    (folder / "Caddyfile").write_text(
        _CADDY.format(port=PORTS["caddy"], folder=folder, upstream=upstream.removeprefix("http://"))
    )
    with (folder / "caddy.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(program, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"),
            env={**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder)},
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C reaches who started it, which ends it
        )
    try:
        await listens(PORTS["caddy"], process, folder / "caddy.log")
        yield process.pid
    finally:
        if process.returncode is None:
            process.terminate()
            await asyncio.wait_for(process.wait(), START_S)


# Each starts one before an upstream, with a folder of its own, and gives its pid.
PROXIES: dict[str, Callable[[Path, str], AbstractAsyncContextManager[int]]] = {
    "nginx": _nginx_before,
    "caddy": _caddy_before,
}
