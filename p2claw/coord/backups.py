"""Replies to a new machine that has the backup key of a lost box: which box, and what proves it.

Only who has the code of a backup key knows its public half, before it is used.
"""

from __future__ import annotations

from aiohttp import web

from p2claw.config import ServerConfig
from p2claw.coord.bus.base import Bus
from p2claw.coord.client_address import shortened
from p2claw.coord.nodes.shared_rate import SharedRate
from p2claw.coord.store.base import Store, StoreError
from p2claw.coord.websockets import client_of, too_many
from p2claw.errors import UsageError
from p2claw.log import get_log
from p2claw.names import public_key_of
from p2claw.wire.signalling.backup_reply import BackupReply, encode_backup

log = get_log("coordinator")


class Backups:
    """Serves `backup_reply.PATH`."""

    def __init__(self, config: ServerConfig, store: Store, bus: Bus | None) -> None:
        self._config = config
        self._store = store
        limits = config.limits
        self._rate = SharedRate(
            "backups",
            limits.registration_burst,
            limits.registrations_per_minute,
            limits.addresses,
            bus,
        )

    async def handle(self, request: web.Request) -> web.Response:
        """One question: `key` is the peer id of a backup key."""
        address = client_of(request, self._config.trusted_proxies)
        if (wait_s := await self._rate.spend(address)) > 0:
            return too_many("Too many questions from this address", wait_s)
        try:
            public_key = public_key_of(request.query.get("key", ""))
            record = await self._store.box_of_backup(public_key)
        except UsageError:
            record = None
        except StoreError as error:
            log.error("store failed", error=error.message)
            return web.Response(status=503, text="The store does not reply\n")
        log.info("backup key asked for", known=record is not None, address=shortened(address))
        if record is None:
            return web.Response(status=404, headers={"Cache-Control": "no-store"})
        reply = BackupReply(record.alias, record.backup, record.statements)
        return web.Response(
            body=encode_backup(reply),
            content_type="application/json",
            headers={"Cache-Control": "no-store"},
        )
