"""Replies to a proxy in front of this server for which names it may get a certificate.

Caddy asks before it does that at the first visit of a name (on-demand TLS). Without a limit anybody
could make it get certificates for names that nobody has, until the authority gives no more.
"""

from __future__ import annotations

import ipaddress

from aiohttp import web

from p2claw import names
from p2claw.config import ServerConfig
from p2claw.coord.store.base import Store, StoreError
from p2claw.errors import UsageError
from p2claw.log import get_log

log = get_log("coordinator")


class Ask:
    """Serves ASK_PATH: 200 for the parent, boxes that registered and their apps; else 404."""

    def __init__(self, config: ServerConfig, store: Store) -> None:
        self._config = config
        self._store = store

    async def handle(self, request: web.Request) -> web.Response:
        """One question of the proxy. Nobody else learns which names there are."""
        domain = request.query.get("domain", "").lower().rstrip(".")
        try:
            good = self._is_proxy(request) and await self._is_ours(domain)
        except StoreError as error:
            log.error("store failed", error=error.message)
            return web.Response(status=503, text="The store does not reply\n")
        return web.Response(status=200 if good else 404, headers={"Cache-Control": "no-store"})

    def _is_proxy(self, request: web.Request) -> bool:
        """Whether the proxy itself asks: what it passes on names whom it is passed on for."""
        peer = request.transport.get_extra_info("peername") if request.transport else None
        if not isinstance(peer, tuple) or "X-Forwarded-For" in request.headers:
            return False
        address = ipaddress.ip_address(peer[0].partition("%")[0])
        mapped = getattr(address, "ipv4_mapped", None) or address
        return mapped.is_loopback or any(mapped in one for one in self._config.trusted_proxies)

    async def _is_ours(self, domain: str) -> bool:
        if domain == self._config.parent:
            return True
        label, dot, parent = domain.partition(".")
        if not dot or parent != self._config.parent:
            return False
        try:
            host = names.parse_label(label)
        except UsageError:
            return False
        record = await self._store.box_of_alias(host.alias)
        known = record is not None and not record.banned
        return known and (host.app is None or (record is not None and host.app in record.apps))
