"""The routes of the sample app; what is behind the larger ones is a file each."""

from __future__ import annotations

import hashlib
import platform
import time
from pathlib import Path
from typing import Any

from aiohttp import web

from p2claw.demo_app.download import download, download_facts
from p2claw.demo_app.feed import feed
from p2claw.demo_app.uploads import add_uploads

PAGE_DIR = Path(__file__).with_name("page")
MEDIA_DIR = Path(__file__).with_name("media")
MEDIA_FILES = ("film.webm", "poster.jpg", "dusk.png", "reef.png", "crab.svg")


class MediaMissingError(Exception):
    """The film or a picture is not in the installation."""


def make_app(media_dir: Path = MEDIA_DIR) -> web.Application:
    """The whole app. Raises MediaMissingError."""
    missing = [name for name in MEDIA_FILES if not (media_dir / name).is_file()]
    if missing:
        raise MediaMissingError(f"{missing[0]} is not in {media_dir}. Install p2claw again")
    app = web.Application()
    for path, name in {"/": "index.html", "/about": "about.html"}.items():
        app.router.add_get(path, _page(PAGE_DIR / name))
    app.router.add_static("/static", PAGE_DIR)
    app.router.add_static("/media", media_dir)
    app.router.add_get("/favicon.ico", _page(media_dir / "crab.svg"))
    app.router.add_get("/events", feed)
    app.router.add_get("/download", download)
    app.router.add_get("/api/download", download_facts)
    app.router.add_get("/api/hello", _hello)
    app.router.add_route("*", "/api/echo", _echo)
    app.router.add_get("/empty", _empty)
    app.router.add_get("/redirect", _redirect)
    app.router.add_route("*", "/status/{code:[2-5][0-9][0-9]}", _status)
    add_uploads(app)
    return app


def _page(path: Path) -> Any:
    async def handler(_: web.Request) -> web.StreamResponse:
        return web.FileResponse(path, headers={"cache-control": "no-cache"})

    return handler


async def _hello(request: web.Request) -> web.Response:
    """The smallest useful response."""
    return web.json_response(
        {
            "message": "Hello from this machine",
            "machine": platform.node(),
            "python": platform.python_version(),
            "time_s": time.time(),
            "you_sent": f"{request.method} {request.path_qs}",
        },
        headers={"cache-control": "no-store"},
    )


async def _echo(request: web.Request) -> web.Response:
    """What the app sees of a request: method, target, fields, and the hash of the body."""
    body = hashlib.sha256()
    length = 0
    async for piece in request.content.iter_any():
        body.update(piece)
        length += len(piece)
    return web.json_response(
        {
            "method": request.method,
            "target": request.path_qs,
            "fields": [[name, value] for name, value in request.headers.items()],
            "body_bytes": length,
            "body_sha256": body.hexdigest(),
        },
        headers={"cache-control": "no-store"},
    )


async def _empty(_: web.Request) -> web.Response:
    return web.Response(status=204)


async def _redirect(_: web.Request) -> web.Response:
    raise web.HTTPFound("/about?from=redirect")


async def _status(request: web.Request) -> web.Response:
    """A response with the status that is asked for."""
    code = int(request.match_info["code"])
    bare = code in (204, 205, 304) or request.method == "HEAD"
    return web.Response(status=code, text=None if bare else f"status {code}\n")
