"""An app that several boxes serve, with one memory: it counts what it is given, by which box."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from aiohttp import web

# About 2 s: a download is under way whenever a box is stopped.
FILE = b"".join(number.to_bytes(8, "little") * 128 for number in range(2_000))
DIGEST = hashlib.sha256(FILE).hexdigest()
PIECE = 16_384
PIECE_S = 0.015
EVENT_S = 0.1

PAGE = f"""<!doctype html><title>Steady</title><h1>It works</h1><script>
const work = {{ posted: [], failed: [], events: [], echoed: [], downloads: 0, over: false }};
window.work = work;
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const attempt = async (what, act) => {{
  try {{ await act(); }} catch (error) {{ work.failed.push(what + ": " + error); }}
}};
async function posting(name, waits) {{
  for (let number = 1; !work.over; number += 1) {{
    const body = name + number;
    await attempt(body, async () => {{
      const response = await fetch("/posts/" + waits, {{ method: "POST", body }});
      if (await response.text() !== body) throw new Error(response.status);
      work.posted.push(body);
    }});
    await sleep(30);
  }}
}}
async function downloading() {{
  while (!work.over) await attempt("download", async () => {{
    const body = await (await fetch("/file", {{ cache: "no-store" }})).arrayBuffer();
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
    const hex = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    if (hex !== "{DIGEST}") throw new Error(body.byteLength + " bytes");
    work.downloads += 1;
  }});
}}
function listening() {{
  const source = new EventSource("/events");
  source.onmessage = ({{ lastEventId }}) => work.events.push(Number(lastEventId));
}}
function talking() {{
  const socket = new WebSocket("ws://" + location.host + "/socket");
  socket.onopen = () => socket.send(work.echoed.length + 1);
  socket.onmessage = async ({{ data }}) => {{
    work.echoed.push(Number(data));
    await sleep(30);
    if (socket.readyState === WebSocket.OPEN) socket.send(work.echoed.length + 1);
  }};
  socket.onclose = () => setTimeout(talking, 50);
}}
window.begin = () => {{
  work.running = Promise.all([posting("a", 0), posting("b", 0), posting("slow", 1), downloading()]);
  listening();
  talking();
}};
</script>"""


@dataclass
class Service:
    """upstreams: one per box, by its name. posts: the bodies, with the box that each came by.
    files: where each download began, with the box.
    """

    upstreams: dict[str, str] = field(default_factory=dict)
    posts: list[tuple[str, str]] = field(default_factory=list)
    files: list[tuple[int, str]] = field(default_factory=list)


@contextlib.asynccontextmanager
async def steady_service(*boxes: str) -> AsyncIterator[Service]:
    """Serve for these boxes until the block ends."""
    service = Service()
    async with contextlib.AsyncExitStack() as stack:
        for box in boxes:
            runner = web.AppRunner(
                _app(service, box), handler_cancellation=True, shutdown_timeout=1, access_log=None
            )
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            service.upstreams[box] = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield service


def _app(service: Service, box: str) -> web.Application:
    async def take(request: web.Request) -> web.Response:
        body = await request.text()
        service.posts.append((body, box))
        await asyncio.sleep(float(request.match_info["waits"]))
        return web.Response(text=body)

    async def file(request: web.Request) -> web.StreamResponse:
        service.files.append((request.http_range.start or 0, box))
        return await _file(request)

    app = web.Application()
    app.router.add_get("/", _page)
    app.router.add_get("/file", file)
    app.router.add_get("/events", _events)
    app.router.add_get("/socket", _socket)
    app.router.add_post("/posts/{waits}", take)
    return app


async def _page(_: web.Request) -> web.Response:
    return web.Response(text=PAGE, content_type="text/html")


async def _file(request: web.Request) -> web.StreamResponse:
    """Whole, or the rest of it, with a strong validator."""
    first = request.http_range.start or 0
    headers = {"ETag": '"one"', "Accept-Ranges": "bytes"}
    if first:
        headers["Content-Range"] = f"bytes {first}-{len(FILE) - 1}/{len(FILE)}"
    response = web.StreamResponse(status=206 if first else 200, headers=headers)
    response.content_length = len(FILE) - first
    await response.prepare(request)
    for at in range(first, len(FILE), PIECE):
        await response.write(FILE[at : at + PIECE])
        await asyncio.sleep(PIECE_S)
    return response


async def _events(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Cache-Control": "no-cache"})
    response.content_type = "text/event-stream"
    await response.prepare(request)
    number = int(request.headers.get("Last-Event-ID", "0"))
    while True:
        number += 1
        await response.write(f"retry: 100\nid: {number}\ndata: tick\n\n".encode())
        await asyncio.sleep(EVENT_S)


async def _socket(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        await socket.send_str(message.data)
    return socket
