"""nginx as an ordinary app: files, ranges, compression, keep-alive, uploads. Benches use it too."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from p2claw.errors import UsageError

START_S = 10.0

_CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    types {{
        text/plain txt; text/html html; text/css css; text/javascript js;
        image/svg+xml svg; image/png png; video/mp4 mp4;
    }}
    default_type application/octet-stream;
    {http}
    gzip on;
    gzip_types text/plain;
    gzip_min_length 100;
    gzip_vary on;
    keepalive_requests {requests_a_connection};
    client_max_body_size 1m;
    server {{
        listen 127.0.0.1:{port};
        server_name localhost;
        root {folder}/www;
        location = /old {{ return 301 http://$http_host/new?x=1; }}
        location = /teapot {{ return 418 "short and stout"; }}
        location /dav/ {{ dav_methods PUT DELETE; create_full_put_path on; }}
        {locations}
    }}
}}
"""


@asynccontextmanager
async def nginx(
    folder: Path, *, requests_a_connection: int = 20, locations: str = "", http: str = ""
) -> AsyncIterator[int]:
    """nginx on a free port of loopback, serving folder/www; the port.

    requests_a_connection: few, so that clients meet connections that end. locations, http: more of
    the configuration, of the server and above it. Raises UsageError `nginx-missing`.
    """
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin")
    if program is None:
        raise UsageError(
            "nginx is not installed", code="nginx-missing", hint="`make test` installs it"
        )
    (folder / "www").mkdir(parents=True, exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    configuration = folder / "nginx.conf"
    user = "user root;\n" if os.geteuid() == 0 else ""
    text = _CONFIGURATION.format(
        folder=folder,
        port=port,
        requests_a_connection=requests_a_connection,
        locations=locations,
        http=http,
    )
    configuration.write_text(user + text)
    process = await asyncio.create_subprocess_exec(
        *[program, "-e", str(folder / "error.log"), "-c", str(configuration)],
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C reaches who started it, which ends it
    )
    try:
        await listens(port, process, folder / "error.log")
        yield port
    finally:
        if process.returncode is None:
            process.terminate()
            await asyncio.wait_for(process.wait(), START_S)


async def listens(port: int, process: asyncio.subprocess.Process, log: Path) -> None:
    """Wait until a server that was started accepts connections. log: of what it says if it ends."""
    async with asyncio.timeout(START_S):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                if process.returncode is not None:
                    raise RuntimeError(f"a server did not start: {log.read_text()}") from None
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return
