"""An upstream that responds as the URL itself says, and remembers what it was asked.

`/s/NAME?[{…}, {…}]`: the first response to NAME, the second, the last one ever after. A response:
status, fields, body; cut: it breaks off in the middle. A date is written `@SECONDS` from now. A
request whose `If-None-Match` or `If-Modified-Since` fits what the response says gets a 304.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.utils import formatdate
from time import time
from typing import Any
from urllib.parse import unquote

from aiohttp import web

PAGE = "<!doctype html><title>Scripted</title><h1>A scripted page</h1>"


@dataclass(slots=True)
class Scripted:
    """asked: for each name what arrived: method and fields. sent_bytes: of its bodies."""

    port: int = 0
    asked: dict[str, list[dict[str, str]]] = field(default_factory=lambda: defaultdict(list))
    sent_bytes: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def upstream(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.asynccontextmanager
async def scripted_app() -> AsyncIterator[Scripted]:
    """Serve on a port of its own until the block ends."""
    state = Scripted()

    async def respond(request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        script: list[dict[str, Any]] = json.loads(unquote(request.query_string))
        fields = {key.lower(): value for key, value in request.headers.items()}
        state.asked[name].append({":method": request.method, **fields})
        count = len(state.asked[name])
        step = script[min(count, len(script)) - 1]
        await asyncio.sleep(step.get("wait_s", 0))
        return await _send_step(request, step, count, state, name)

    async def log(request: web.Request) -> web.Response:
        asked = state.asked[request.match_info["name"]]
        return web.json_response(asked, headers={"Cache-Control": "no-store"})

    async def page(_: web.Request) -> web.Response:
        return web.Response(
            text=PAGE, content_type="text/html", headers={"Cache-Control": "no-store"}
        )

    app = web.Application()
    app.router.add_route("*", "/s/{name}", respond)
    app.router.add_get("/log/{name}", log)
    app.router.add_get("/", page)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    state.port = runner.addresses[0][1]
    try:
        yield state
    finally:
        await runner.cleanup()


async def _send_step(
    request: web.Request, step: dict[str, Any], count: int, state: Scripted, name: str
) -> web.StreamResponse:
    given = [(key, _dated(value)) for key, value in step.get("fields", [])]
    named = {key.lower(): value for key, value in given}
    status = step.get("status", 200)
    if status == 200 and _unchanged(request, named):
        status, given = 304, given + [(k, _dated(v)) for k, v in step.get("fields304", [])]
    response = web.StreamResponse(status=status)
    for key, value in given:
        response.headers.add(key, value)
    # aiohttp adds a date of its own where none is given.
    body = step.get("body", f"body {count}").encode()
    bare = status in (204, 304) or request.method == "HEAD"
    if step.get("cut"):
        response.content_length = len(body) + 10
    elif not bare and "content-encoding" not in named:
        response.content_length = len(body)
    await response.prepare(request)
    if not bare:
        state.sent_bytes[name] += len(body)
        await response.write(body)
    if step.get("cut") and request.transport:
        request.transport.abort()
    else:
        await response.write_eof()
    return response


def _unchanged(request: web.Request, named: dict[str, str]) -> bool:
    tag, since = request.headers.get("If-None-Match"), request.headers.get("If-Modified-Since")
    if tag is not None:
        return named.get("etag") == tag
    return since is not None and named.get("last-modified") == since


def _dated(value: str) -> str:
    if not value.startswith("@"):
        return value
    return formatdate(time() + int(value[1:]), usegmt=True)
