"""nginx as an ordinary app: files, ranges, compression, keep-alive, uploads."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

START_S = 10.0

_CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log warn;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    types {{ text/plain txt; video/mp4 mp4; }}
    gzip on;
    gzip_types text/plain;
    gzip_min_length 100;
    gzip_vary on;
    keepalive_requests 20;
    client_max_body_size 1m;
    server {{
        listen 127.0.0.1:{port};
        server_name localhost;
        root {folder}/www;
        location = /old {{ return 301 http://$http_host/new?x=1; }}
        location = /teapot {{ return 418 "short and stout"; }}
        location /dav/ {{ dav_methods PUT DELETE; create_full_put_path on; }}
    }}
}}
"""


def needs_nginx() -> str:
    """Path of nginx; skips the test where there is none."""
    path = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(path).exists():
        pytest.skip("nginx is not installed")
    return path


@asynccontextmanager
async def nginx(folder: Path) -> AsyncIterator[str]:
    """nginx on a free port, serving folder/www; its URL."""
    program = needs_nginx()
    (folder / "www").mkdir(parents=True, exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    configuration = folder / "nginx.conf"
    user = "user root;\n" if os.geteuid() == 0 else ""
    configuration.write_text(user + _CONFIGURATION.format(folder=folder, port=port))
    process = await asyncio.create_subprocess_exec(
        *[program, "-e", str(folder / "error.log"), "-c", str(configuration)],
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await _listens(port, process, folder / "error.log")
        yield f"http://localhost:{port}"
    finally:
        if process.returncode is None:
            process.terminate()
            await asyncio.wait_for(process.wait(), START_S)


async def _listens(port: int, process: asyncio.subprocess.Process, log: Path) -> None:
    async with asyncio.timeout(START_S):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                if process.returncode is not None:
                    raise RuntimeError(f"nginx did not start: {log.read_text()}") from None
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return
