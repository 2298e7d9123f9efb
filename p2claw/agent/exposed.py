"""Which apps a box exposes now: those of `routes.json`, and those that somebody shares meanwhile.

A shared app is never written to the file, so it cannot stay exposed by accident: it is exposed for
as long as the command that shares it runs, and never after the agent has ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import MappingProxyType

from p2claw.agent.home.routes import ROUTES, Route, RouteFile, Routes
from p2claw.errors import UsageError


class Exposed:
    """The apps that a box exposes. changed: called with all routes whenever one has changed."""

    def __init__(self, file: RouteFile, changed: Callable[[Routes], None]) -> None:
        self.routes: Routes = MappingProxyType({})
        self._file = file
        self._changed = changed
        self._changing = asyncio.Lock()
        self._kept: Routes = MappingProxyType({})
        self._shared: dict[str, Route] = {}

    async def load(self) -> None:
        """Read the file again. Raises UsageError, and then nothing changes."""
        async with self._changing:
            self._kept = await asyncio.to_thread(self._file.load)
            self._apply()

    async def put(self, route: Route) -> None:
        """Expose an app for good. Raises UsageError; `app-taken` if it is shared meanwhile."""
        async with self._changing:
            if route.app in self._shared:
                raise _name_in_use(self._shared[route.app], "shared by `p2claw share`")
            self._kept = await asyncio.to_thread(self._file.put, route)
            self._apply()

    async def remove(self, app: str) -> None:
        """Stop exposing an app, whether it was exposed for good or shared. Raises UsageError."""
        async with self._changing:
            if self._shared.pop(app, None) is None:
                self._kept = await asyncio.to_thread(self._file.remove, app)
            self._apply()

    async def share(self, route: Route) -> None:
        """Expose an app until `unshare`. If the same route is exposed for good, nothing changes.

        Raises UsageError `app-taken`, `routes-full`.
        """
        async with self._changing:
            there = self.routes.get(route.app)
            if there is not None and (route.app in self._shared or there != route):
                raise _name_in_use(there, "exposed")
            if there is not None:
                return
            if len(self.routes) >= ROUTES:
                raise UsageError(f"A box exposes at most {ROUTES} apps", code="routes-full")
            self._shared[route.app] = route
            self._apply()

    async def unshare(self, route: Route) -> bool:
        """Stop sharing the app of this route; returns False if it is not shared any more."""
        async with self._changing:
            if self._shared.get(route.app) is not route:
                return False
            del self._shared[route.app]
            self._apply()
            return True

    async def unshare_app(self, app: str) -> None:
        """Stop sharing an app, by its name. Raises UsageError `app-unknown` if it is not shared."""
        route = self._shared.get(app)
        if route is None or not await self.unshare(route):
            raise UsageError(f"No app {app!r} is shared here", code="app-unknown")

    def _apply(self) -> None:
        self.routes = MappingProxyType({**self._kept, **self._shared})
        self._changed(self.routes)


def _name_in_use(there: Route, how: str) -> UsageError:
    return UsageError(
        f"The name {there.app!r} is taken: {there.upstream.text} is {how}",
        code="app-taken",
        hint="Choose another with --name, or `p2claw unexpose` that one first",
    )
