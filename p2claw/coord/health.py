"""`/livez` and `/readyz`, for monitoring, on the server's own names. `/healthz` is `/livez`.

On the host of an app these paths belong to the app.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from p2claw.coord.store.base import Store, StoreError
from p2claw.names import host_of, is_address
from p2claw.shared_reading import SharedReading

PATHS = ("/livez", "/readyz", "/healthz")

# For so long what the store replied holds, however many ask: a probe writes to the disk.
PROBE_S = 1.0

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Health:
    """Serves the three paths.

    It is a middleware, so that on a host under the parent the edge serves them. names: the hosts
    of the server itself; it also goes by its addresses, for what watches it from beside it.
    """

    def __init__(self, store: Store, parent: str, names: tuple[str, ...]) -> None:
        self._store = store
        self._suffix = "." + parent
        self._names = {"", "localhost", parent, *(host_of(name) for name in names)}
        self._probe = SharedReading(self._probed, PROBE_S)
        self.going_down = False
        self.is_cut_off: Callable[[], bool] = lambda: False
        """Whether the agents of this node have to go to others, which have the bus."""

    def middleware(self) -> Middleware:
        """A middleware for `aiohttp.web.Application.middlewares`."""

        @web.middleware
        async def respond(request: web.Request, handler: Handler) -> web.StreamResponse:
            if request.path not in PATHS or not self._is_ours(request.headers.get("Host", "")):
                return await handler(request)
            if request.method not in ("GET", "HEAD"):
                return web.Response(status=405, headers={"Allow": "GET, HEAD"})
            if request.path != "/readyz":
                return _json({"status": "ok"}, 200)
            reason = await self.trouble()
            if reason:
                return _json({"status": "unready", "reason": reason}, 503)
            return _json({"status": "ready"}, 200)

        return respond

    async def trouble(self) -> str:
        """Why the server is not ready, or "". All who ask at once share one probe of the store."""
        if self.going_down:
            return "going-down"
        if self.is_cut_off():
            return "cut-off"
        return await self._probe.value()

    async def _probed(self) -> str:
        try:
            await self._store.check()
        except StoreError as error:
            return error.code
        return ""

    def _is_ours(self, host: str) -> bool:
        name = host_of(host)
        return not name.endswith(self._suffix) and (name in self._names or is_address(name))


def _json(body: dict[str, str], status: int) -> web.Response:
    return web.json_response(body, status=status, headers={"Cache-Control": "no-store"})
