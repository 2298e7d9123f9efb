"""nginx with files of a row's own: the command that serves them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_CONFIGURATION = """
daemon off;
{user}pid {run}/pid;
error_log stderr warn;
worker_processes 1;
events {{ worker_connections 1024; }}
http {{
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    access_log off;
    sendfile on;
    client_body_temp_path {run}/body;
    proxy_temp_path {run}/proxy;
    fastcgi_temp_path {run}/fastcgi;
    uwsgi_temp_path {run}/uwsgi;
    scgi_temp_path {run}/scgi;
    server {{
        listen 127.0.0.1:{port};
        root {folder}/www;
{server}
    }}
}}
"""


def nginx_command(folder: Path, port: int, *, server: str = "") -> list[str]:
    """nginx on a port of loopback for folder/www. server: more of its configuration."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin") or "nginx"
    run = folder / "run"
    run.mkdir(exist_ok=True)
    user = "user root;\n" if os.geteuid() == 0 else ""
    text = _CONFIGURATION.format(folder=folder, run=run, port=port, user=user, server=server)
    (folder / "nginx.conf").write_text(text)
    return [program, "-e", "stderr", "-c", str(folder / "nginx.conf")]


def ffmpeg(*given: str) -> tuple[str, ...]:
    """A command that makes media, and says nothing but errors."""
    return ("ffmpeg", "-v", "error", "-y", *given)
