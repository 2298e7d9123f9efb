"""An app that sets the cookies it is asked to set, and remembers the cookies that it was sent."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlencode

from aiohttp import web

PIXEL = bytes.fromhex(
    "47494638396101000100800000ffffff00000021f90400000000002c00000000010001000002024401003b"
)
TYPES = {
    "page": "text/html",
    "first": "text/html",
    "step": "text/html",
    "script": "text/javascript",
    "style": "text/css",
    "img": "image/gif",
}
BODIES = {
    "page": b"<!doctype html><title>Desk</title><p>Cookie desk",
    "first": b"<!doctype html><script>window.atFirst = document.cookie</script>",
    # Led on from /0/step to the last, by its own script: a driver's may run before ours has.
    "step": b"""<!doctype html><script>
      const number = Number(location.pathname.split("/")[1]), last = 30;
      if (number < last) onload = () => setTimeout(() => {
        document.cookie = `n=${number + 1}; path=/`;
        location.href = `/${number + 1}/step`;
      });
    </script>""",
    "img": PIXEL,
}


@dataclass(slots=True)
class Desk:
    """port: where it listens. seen: target and `Cookie` of each request, "" where it had none."""

    port: int = 0
    seen: list[tuple[str, str]] = field(default_factory=list)

    @property
    def upstream(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cookies_of(self, path: str) -> list[str]:
        """What came with each request for this path, in order."""
        return [cookie for target, cookie in self.seen if target.partition("?")[0] == path]


def setting(*cookies: str, path: str = "/set", **more: str) -> str:
    """The URL below the desk that sets these cookies."""
    return f"{path}?{urlencode([('set', cookie) for cookie in cookies] + list(more.items()))}"


@contextlib.asynccontextmanager
async def cookie_desk() -> AsyncIterator[Desk]:
    """Serve on a port of its own until the block ends.

    Any path responds: its last segment says as what (page, step, script, style, img; else JSON of
    the cookies), `set` in the query what is set, `status` and `to` how it goes on.
    """
    desk = Desk()

    async def respond(request: web.Request) -> web.StreamResponse:
        cookie = "; ".join(request.headers.getall("Cookie", []))
        desk.seen.append((request.raw_path, cookie))
        kind = request.path.rpartition("/")[2] or "page"
        status = int(request.query.get("status", "200"))
        if "json" in request.query or kind not in TYPES:
            response: web.Response = web.json_response({"cookie": cookie}, status=status)
        else:
            body = BODIES.get(kind, b"")
            response = web.Response(body=body, content_type=TYPES[kind], status=status)
        if to := request.query.get("to"):
            response.headers["Location"] = to
        for value in request.query.getall("set", []):
            response.headers.add("Set-Cookie", value)
        return response

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", respond)
    runner = web.AppRunner(app, shutdown_timeout=1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    desk.port = runner.addresses[0][1]
    try:
        yield desk
    finally:
        await runner.cleanup()
