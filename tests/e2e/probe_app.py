"""An ordinary HTTP server that knows nothing of p2claw and remembers everything it was asked.

Tests expose it and then look at what arrived: which requests, and how many are still open.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import hashlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from p2claw.demo_app.server import MEDIA_DIR

BLOCK = 65_536
# A block is its own number (8 bytes, little-endian) and a pattern, so that a lost, repeated or
# exchanged piece shows.
PATTERN = (bytes(range(256)) * (BLOCK // 256))[8:]
TICK_S = 0.1
HANG_S = 120
BODY_MAX = 2**31


@dataclass(slots=True)
class Seen:
    """One request as it arrived, and the response that it got; None: not yet."""

    method: str
    target: str
    fields: dict[str, str]
    status: int | None = None


SEEN = web.RequestKey("seen", Seen)


@dataclass(slots=True)
class Probe:
    """port: where it listens. seen: what arrived. open: the targets of requests not yet over."""

    port: int = 0
    seen: list[Seen] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    @property
    def upstream(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def asked_for(self, path: str) -> list[Seen]:
        return [request for request in self.seen if request.target.partition("?")[0] == path]


@contextlib.asynccontextmanager
async def probe_app(port: int = 0) -> AsyncIterator[Probe]:
    """Serve on a port of its own until the block ends."""
    probe = Probe()

    @web.middleware
    async def remember(request: web.Request, handler: Handler) -> web.StreamResponse:
        target = request.raw_path
        fields = {name.lower(): value for name, value in request.headers.items()}
        seen = Seen(request.method, target, fields)
        probe.seen.append(seen)
        probe.open.append(target)
        request[SEEN] = seen
        try:
            return await handler(request)
        finally:
            probe.open.remove(target)

    app = web.Application(middlewares=[remember], client_max_size=BODY_MAX)
    app.on_response_prepare.append(_note_status)
    app.router.add_get("/", _page)
    app.router.add_get("/page/{number}", _page)
    app.router.add_get("/film", _film)
    app.router.add_get("/zipped", _zipped)
    app.router.add_get("/zipped.js", _zipped)
    app.router.add_get("/strict", _strict)
    app.router.add_get("/form", _form)
    app.router.add_post("/form", _take_form)
    app.router.add_static("/media", MEDIA_DIR)
    app.router.add_get("/small/{number}", _small)
    app.router.add_get("/bytes/{length}", _bytes)
    app.router.add_get("/file/{length}", _file)
    app.router.add_get("/endless", _endless)
    app.router.add_get("/events", _events)
    app.router.add_get("/hang", _hang)
    app.router.add_post("/upload", _upload)
    app.router.add_route("*", "/status/{status}", _status)
    app.router.add_route("*", "/redirect/{status}", _redirect)
    app.router.add_route("*", "/echo", _echo)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    probe.port = runner.addresses[0][1]
    try:
        yield probe
    finally:
        await runner.cleanup()


def blocks(length: int) -> Iterator[bytes]:
    """The `length` bytes that /bytes/LENGTH and /file/LENGTH give."""
    for number in range(-(-length // BLOCK)):
        yield (number.to_bytes(8, "little") + PATTERN)[: length - number * BLOCK]


def digest(length: int) -> str:
    """The SHA-256 of them."""
    sha = hashlib.sha256()
    for block in blocks(length):
        sha.update(block)
    return sha.hexdigest()


def write_file(path: Path, length: int) -> Path:
    """The same bytes as a file, to upload."""
    with path.open("wb") as file:
        file.writelines(blocks(length))
    return path


async def _page(request: web.Request) -> web.Response:
    number = int(request.match_info.get("number", "0"))
    # Under a name that is none of the upstream's: another site.
    away = f"http://elsewhere.localhost:{request.url.port}/page/30"
    return web.Response(
        content_type="text/html",
        text=f"""<!doctype html><title>Page {number}</title><h1>This is page {number}</h1>
        <p id=where></p><a id=next href="/page/{number + 1}">next</a>
        <a id=push href="#">push</a><a id=file href="/file/3000000">file</a>
        <a id=nothing href="/status/204">nothing</a><a id=away href="{away}">away</a>
        <input id=chosen type=file>
        <script>
        const show = () => document.getElementById("where").textContent =
          location.pathname + location.search + location.hash;
        show();
        addEventListener("popstate", show);
        document.getElementById("push").addEventListener("click", (event) => {{
          event.preventDefault();
          history.pushState({{}}, "", "/page/{number}?pushed=yes");
          document.title = "Pushed {number}";
          show();
        }});
        </script>""",
    )


async def _film(_: web.Request) -> web.Response:
    html = "<!doctype html><h1>A film</h1><video controls src=/media/film.webm></video>"
    return web.Response(content_type="text/html", text=html)


async def _zipped(request: web.Request) -> web.Response:
    """A page, and its script; both compressed."""
    page = b"<!doctype html><h1>A zipped page</h1><script src=/zipped.js></script>"
    is_script = request.path.endswith(".js")
    return web.Response(
        body=gzip.compress(b"document.title = 'Unzipped';" if is_script else page),
        content_type="text/javascript" if is_script else "text/html",
        headers={"Content-Encoding": "gzip"},
    )


async def _strict(_: web.Request) -> web.Response:
    """A page that allows one script and one frame, and no one to frame it."""
    policy = "default-src 'none'; script-src 'nonce-crab'; frame-src 'self'; frame-ancestors 'none'"
    return web.Response(
        content_type="text/html",
        text="""<!doctype html><h1>A strict page</h1><iframe src=/page/1></iframe>
        <script nonce=crab>document.title = "Own script";</script>
        <script>document.title = "Foreign script";</script>""",
        headers={"Content-Security-Policy": policy, "X-Frame-Options": "DENY"},
    )


async def _form(request: web.Request) -> web.Response:
    """A form with a file; it goes to itself, and then to a page of its own."""
    html = """<!doctype html><h1>A form</h1><form method=post enctype=multipart/form-data>
      <input id=name name=name><input id=chosen name=file type=file><button>Send</button></form>"""
    return web.Response(content_type="text/html", text=html)


async def _take_form(request: web.Request) -> web.Response:
    form = await request.post()
    sent, name = form["file"], form["name"]
    assert isinstance(sent, web.FileField)
    assert isinstance(name, str)
    sha256 = hashlib.sha256(sent.file.read()).hexdigest()
    raise web.HTTPSeeOther(f"/page/1?name={name}&sha256={sha256}")


async def _note_status(request: web.Request, response: web.StreamResponse) -> None:
    request[SEEN].status = response.status


async def _small(request: web.Request) -> web.Response:
    return web.json_response({"number": int(request.match_info["number"]), "pad": "x" * 200})


async def _bytes(request: web.Request) -> web.StreamResponse:
    return await _send(request, web.StreamResponse())


async def _file(request: web.Request) -> web.StreamResponse:
    fields = {"Content-Disposition": 'attachment; filename="probe.bin"'}
    return await _send(request, web.StreamResponse(headers=fields))


async def _send(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    length = int(request.match_info["length"])
    response.content_type = "application/octet-stream"
    response.content_length = length
    await response.prepare(request)
    for block in blocks(length):
        await response.write(block)
    return response


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"tick " * 20)
        await asyncio.sleep(TICK_S)


async def _events(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Cache-Control": "no-cache"})
    response.content_type = "text/event-stream"
    await response.prepare(request)
    number = int(request.headers.get("Last-Event-ID", "0"))
    while True:
        number += 1
        await response.write(f"id: {number}\ndata: tick {number}\n\n".encode())
        await asyncio.sleep(TICK_S)


async def _hang(request: web.Request) -> web.Response:
    await asyncio.sleep(HANG_S)
    return web.Response(text="at last")


async def _upload(request: web.Request) -> web.Response:
    sha, length = hashlib.sha256(), 0
    async for piece in request.content.iter_any():
        sha.update(piece)
        length += len(piece)
    return web.json_response({"sha256": sha.hexdigest(), "length": length})


async def _status(request: web.Request) -> web.Response:
    return web.Response(status=int(request.match_info["status"]), headers={"X-Probe": "yes"})


async def _redirect(request: web.Request) -> web.Response:
    to = request.query.get("to", "/page/2")
    return web.Response(status=int(request.match_info["status"]), headers={"Location": to})


async def _echo(request: web.Request) -> web.Response:
    if request.method == "OPTIONS":
        return web.Response(status=204, headers={"Allow": "GET, POST, OPTIONS"})
    return web.json_response({"method": request.method, "body": (await request.read()).decode()})
