"""An app as a bundler builds it: a page that is asked for anew, files whose names change with them.

/            no-cache, with an ETag: links style, script, image and a module, and fetches some data
/old/N       a page that may be kept for no second; its number grows with each time it is made
/assets/…    immutable for a year
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.typedefs import Handler

FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
PAGE = """<!doctype html><title>Hashed</title>
<link rel=stylesheet href=/assets/style-3f2a.css><script src=/assets/app-91bc.js></script>
<script type=module src=/assets/module-77aa.js></script>
<h1>A hashed page</h1><img src=/assets/crab-5d5d.svg><a id=old href=/old/1>old</a>
<script>fetch("/assets/data-0b0b.json").then(() => { window.data = "yes"; })</script>"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><circle r="9"/></svg>'
FILES = {
    "style-3f2a.css": ("text/css", "h1{color:green}" + "/*x*/" * 20_000),
    "app-91bc.js": ("text/javascript", "window.app='yes';" + "//x\n" * 60_000),
    "module-77aa.js": ("text/javascript", "window.module='yes';" + "//x\n" * 30_000),
    "data-0b0b.json": ("application/json", "[]"),
    "crab-5d5d.svg": ("image/svg+xml", SVG),
}


@dataclass(slots=True)
class Hashed:
    """asked: how often each path was. statuses: what the app responded. sent_bytes: of bodies."""

    port: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    fields: dict[str, dict[str, str]] = field(default_factory=dict)
    statuses: list[tuple[str, int]] = field(default_factory=list)
    sent_bytes: Counter[str] = field(default_factory=Counter)

    @property
    def upstream(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def forget(self) -> None:
        for kept in (self.asked, self.fields, self.statuses, self.sent_bytes):
            kept.clear()


@contextlib.asynccontextmanager
async def hashed_app() -> AsyncIterator[Hashed]:
    """Serve on a port of its own until the block ends."""
    state = Hashed()

    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        state.asked[request.path] += 1
        state.fields[request.path] = {k.lower(): v for k, v in request.headers.items()}
        response = await handler(request)
        assert isinstance(response, web.Response)
        state.statuses.append((request.path, response.status))
        state.sent_bytes[request.path] += len(response.body or b"")  # type: ignore[arg-type]
        return response

    async def page(request: web.Request) -> web.Response:
        fields = {"Cache-Control": "no-cache", "ETag": '"page"'}
        if request.headers.get("If-None-Match") == '"page"':
            return web.Response(status=304, headers=fields)
        return web.Response(text=PAGE, content_type="text/html", headers=fields)

    async def file(request: web.Request) -> web.Response:
        content_type, text = FILES[request.match_info["name"]]
        response = web.Response(text=text, content_type=content_type, headers=FOREVER)
        response.enable_compression()
        return response

    async def old(request: web.Request) -> web.Response:
        number = state.asked[request.path]
        text = f"<!doctype html><h1>Made {number} times</h1><a id=next href=/>next</a>"
        return web.Response(
            text=text, content_type="text/html", headers={"Cache-Control": "max-age=0"}
        )

    app = web.Application(middlewares=[count])
    app.router.add_get("/", page)
    app.router.add_get("/old/{number}", old)
    app.router.add_get("/assets/{name}", file)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    state.port = runner.addresses[0][1]
    try:
        yield state
    finally:
        await runner.cleanup()
