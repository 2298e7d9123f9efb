"""Which apps of a box nothing listens for: the coordinator is told, for the page of the box."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from p2claw.agent.home.routes import Routes
from p2claw.agent.upstream.listeners import read_listeners
from p2claw.wire.signalling import Down

LOOK_S = 20.0


class RunningApps:
    """Looks at the apps of a box while it is registered. routes: returns all of them now.

    It connects to none: a server for one connection alone would have had it.
    """

    def __init__(self, routes: Callable[[], Routes]) -> None:
        self._routes = routes
        self._changed = asyncio.Event()

    def changed(self) -> None:
        """An app has come or gone: look now."""
        self._changed.set()

    async def keep(self, send: Callable[[Down], None]) -> None:
        """Tell one control connection whenever another app is down, until cancelled."""
        told = Down(())
        while True:
            self._changed.clear()
            down = Down(await asyncio.to_thread(_down, self._routes()))
            if down != told:
                send(down)
                told = down
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._changed.wait()
            except TimeoutError:
                pass


def _down(routes: Routes) -> tuple[str, ...]:
    listeners = read_listeners()
    if listeners is None:
        return ()
    return tuple(
        app for app, route in sorted(routes.items()) if not listeners.may_serve(route.upstream)
    )
