"""`/healthz` and `/readyz`, for monitoring. On the host of an app these paths belong to the app."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from p2claw.coord.store.base import Store
from p2claw.errors import P2clawError

PATHS = ("/healthz", "/readyz")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Health:
    """Serves both paths.

    It is a middleware, so that on a host under the parent the edge serves them.
    """

    def __init__(self, store: Store, parent: str, version: str) -> None:
        self._store = store
        self._suffix = "." + parent
        self._version = version
        self.going_down = False

    def middleware(self) -> Middleware:
        """A middleware for `aiohttp.web.Application.middlewares`."""

        @web.middleware
        async def respond(request: web.Request, handler: Handler) -> web.StreamResponse:
            if request.path not in PATHS or self._is_of_an_app(request.headers.get("Host", "")):
                return await handler(request)
            if request.method not in ("GET", "HEAD"):
                return web.Response(status=405, headers={"Allow": "GET, HEAD"})
            if request.path == "/healthz":
                return _json({"status": "ok", "version": self._version}, 200)
            return await self._ready()

        return respond

    async def _ready(self) -> web.Response:
        if self.going_down:
            return _json({"status": "unready", "reason": "going-down"}, 503)
        try:
            await self._store.check()
        except P2clawError as error:
            return _json({"status": "unready", "reason": error.code}, 503)
        return _json({"status": "ready"}, 200)

    def _is_of_an_app(self, host: str) -> bool:
        return host.lower().partition(":")[0].endswith(self._suffix)


def _json(body: dict[str, str], status: int) -> web.Response:
    return web.json_response(body, status=status, headers={"Cache-Control": "no-store"})
