"""Keeps in a browser what it has measured: which region's relays are near.

Asked is whoever was introduced and has measured nothing yet in the network where it is
(`RelayFleet.to_measure`). A program replies with its next visit, a browser posts here.
Source: docs/WIRE.md §12.
"""

from __future__ import annotations

from aiohttp import web

from p2claw import names
from p2claw.config import ServerConfig
from p2claw.coord.client_address import shortened
from p2claw.coord.nearness import COOKIE, LASTS_S, PARAMETER, Nearness, regions_in, word_for
from p2claw.coord.server_timing import ServerTiming
from p2claw.coord.visitors import PATH, Visitors
from p2claw.coord.websockets import client_of, too_many

NEAR_PATH = f"{PATH}/near"


class Measuring:
    """Serves the posts of browsers, at `NEAR_PATH`."""

    def __init__(
        self, config: ServerConfig, visitors: Visitors, server_timing: ServerTiming
    ) -> None:
        self._config = config
        self._visitors = visitors
        self._server_timing = server_timing

    async def keep(self, request: web.Request) -> web.Response:
        """The reply has the servers of the next visit, as a page has them."""
        address = client_of(request, self._config.trusted_proxies)
        if (wait_s := await self._visitors.spend(address)) > 0:
            return too_many("Too many visits from here", wait_s)
        regions = regions_in(request.query.get(PARAMETER, ""))
        alias = request.query.get("alias", "")
        foreign = self._visitors.is_foreign(request.headers.get("Origin"))
        if foreign or not regions or not names.ALIAS.fullmatch(alias):
            return web.Response(status=400, text="This is nothing that was measured.\n")
        visitor = shortened(address)
        reply = web.Response(status=204, headers={"Cache-Control": "no-store"})
        reply.headers["Server-Timing"] = await self._server_timing.of_box(
            alias, visitor=visitor, near=Nearness(regions, is_measured=True)
        )
        # For pages of the edge too, so that a page has the relays that the box is given.
        reply.set_cookie(
            *(COOKIE, word_for(regions, visitor)),
            max_age=LASTS_S,
            path="/",
            httponly=True,
            samesite="Lax",
            secure=self._config.scheme == "https",
        )
        return reply
