"""What the operator of a coordinator can see and do: boxes, bans, quotas, invitations."""

from __future__ import annotations

import time
from typing import Any

from p2claw import names
from p2claw.coord.bus.base import Bus
from p2claw.coord.bus.messages import Banned, QuotaChanged
from p2claw.coord.invitations import hash_of, new_code
from p2claw.coord.relayed.ledger import Budget, LedgerError
from p2claw.coord.relayed.relay_watch import RelayWatch
from p2claw.coord.store.base import BoxEntry, BoxRecord, Invitation, Quota, Store
from p2claw.coord.switchboard import Switchboard
from p2claw.errors import P2clawError, UsageError
from p2claw.log import get_log

log = get_log("coordinator")

Json = dict[str, Any]

NAME_CHARS = 100
REASON_CHARS = 300
MOST_USES = 100_000


class Operator:
    """The operator's side of one coordinator. Methods return facts as JSON has them."""

    def __init__(
        self,
        store: Store,
        switchboard: Switchboard,
        joining: str,
        bus: Bus | None = None,
        relayed: RelayWatch | None = None,
    ) -> None:
        self._bus = bus
        self._relayed = relayed
        self._store = store
        self._switchboard = switchboard
        self._joining = joining

    async def boxes(self) -> Json:
        """Every box that ever registered, and every key that is banned."""
        entries = await self._store.boxes()
        boxes = [
            self._describe(entry, await self._is_online(entry.record.public_key))
            for entry in entries
        ]
        return {"joining": self._joining, "boxes": boxes}

    async def ban(self, box: str, reason: str) -> Json:
        """Keep a box out, and end its control connection. Raises UsageError, P2clawError."""
        public_key, record = await self._find(box)
        await self._store.ban(public_key, _line(reason, REASON_CHARS), int(time.time()))
        was_online = await self._is_online(public_key)
        self._switchboard.rendezvous.box_banned(public_key)
        self._switchboard.drain()
        await self._send(public_key, Banned(public_key))
        log.info("box banned", alias=record.alias if record else "", online=was_online)
        return {**_names(public_key, record), "banned": True, "was_online": was_online}

    async def unban(self, box: str) -> Json:
        """Let a box in again. Raises P2clawError `box-not-banned`."""
        public_key, record = await self._find(box)
        if not await self._store.unban(public_key):
            raise P2clawError(f"{box} is not banned", code="box-not-banned")
        log.info("box unbanned", alias=record.alias if record else "")
        return {**_names(public_key, record), "banned": False}

    async def quota(self, box: str, change: Json) -> Json:
        """Change what a box may, as far as it is named; null is as every box. Raises UsageError."""
        public_key, record = await self._find(box)
        if record is None:
            raise _unknown(box)
        quota = _changed(record.quota, change)
        if "relayed_per_month" in change or "relayed_per_day" in change:
            await self._limit(record.key_alias, change)
        if quota != record.quota:
            await self._store.set_quota(public_key, quota)
            self._switchboard.rendezvous.box_may(public_key, quota)
            self._switchboard.drain()
            changed = QuotaChanged(public_key, quota.apps, quota.visits_per_minute, quota.relay)
            await self._send(public_key, changed)
            log.info("box quota", alias=record.alias)
        return {
            **_names(public_key, record),
            **_quota(quota),
            **self._relayed_for(record.key_alias),
        }

    async def _limit(self, account: str, change: Json) -> None:
        """Limit what may be relayed for a box. Raises UsageError, P2clawError."""
        if self._relayed is None:
            raise UsageError(
                "This server does not know how much is relayed for whom",
                code="turn-log-missing",
                hint="Give it --turn-log with the log of coturn, or --turn-redis",
            )
        _, before = self._relayed.of(account)
        month = change.get("relayed_per_month", before.month_bytes)
        day = change.get("relayed_per_day", before.day_bytes)
        for most_bytes in (month, day):
            if most_bytes is not None and (type(most_bytes) is not int or most_bytes < 0):
                raise UsageError("What may be relayed is a number of bytes", code="quota-invalid")
        try:
            await self._relayed.set_budget(account, Budget(month, day))
        except LedgerError as error:
            raise P2clawError(
                f"The limit cannot be written: {error}", code="relayed-unusable"
            ) from None

    def _relayed_for(self, account: str) -> Json:
        if self._relayed is None:
            return dict.fromkeys(_RELAYED)
        usage, budget = self._relayed.of(account)
        values = (
            *(usage.month_bytes, budget.month_bytes, usage.day_bytes, budget.day_bytes),
            usage.is_used_up(budget),
        )
        return dict(zip(_RELAYED, values, strict=True))

    async def invite(self, name: str, uses: int, lasts_s: int | None) -> Json:
        """Make an invitation; its code is in the facts, and nowhere else from then on."""
        if not 1 <= uses <= MOST_USES or (lasts_s is not None and lasts_s < 1):
            raise UsageError("An invitation is for 1 use or more, and lasts", code="invite-range")
        code, now_s = new_code(), int(time.time())
        code_hash = hash_of(code)
        assert code_hash is not None, "a code of ours is one"
        expires_s = None if lasts_s is None else now_s + lasts_s
        made = await self._store.invite(code_hash, _line(name, NAME_CHARS), uses, now_s, expires_s)
        log.info("invitation made", invitation=made.id, uses=uses)
        return {"code": code, "joining": self._joining, **_invitation(made)}

    async def invitations(self) -> Json:
        """Every invitation, without its code."""
        found = await self._store.invitations()
        return {"joining": self._joining, "invitations": [_invitation(one) for one in found]}

    async def withdraw(self, number: int) -> Json:
        """Make an invitation good for nobody more. Raises P2clawError `invitation-unknown`."""
        if not await self._store.withdraw(number):
            raise P2clawError(f"There is no invitation {number}", code="invitation-unknown")
        log.info("invitation withdrawn", invitation=number)
        return {"id": number, "withdrawn": True}

    async def _find(self, box: str) -> tuple[bytes, BoxRecord | None]:
        """Key and record of a box by alias, key alias or peer id; a peer id may be new here."""
        box = box.lower()
        if names.PEER_ID.fullmatch(box):
            public_key = names.public_key_of(box)
            record = await self._store.box_of_key(public_key)
            return public_key if record is None else record.public_key, record
        record = await self._store.box_of_alias(box)
        if record is None:
            raise _unknown(box)
        return record.public_key, record

    async def _is_online(self, public_key: bytes) -> bool:
        """At this node or, as far as that can be known just now, at another."""
        if self._switchboard.rendezvous.boxes.of_key(public_key) is not None:
            return True
        return await self._node_of(public_key) is not None

    async def _node_of(self, public_key: bytes) -> str | None:
        if self._bus is None:
            return None
        entry = (await self._bus.find(names.key_alias_of(public_key))).entry
        return None if entry is None else entry.node

    async def _send(self, public_key: bytes, message: Banned | QuotaChanged) -> None:
        """To the other node that has this box, if one has."""
        node = await self._node_of(public_key)
        if self._bus is not None and node is not None:
            self._bus.send(node, message)

    def _describe(self, entry: BoxEntry, is_online: bool) -> Json:
        record = entry.record
        return {
            **_names(record.public_key, record),
            "others": list(record.others),
            "online": is_online,
            "apps": len(record.apps),
            "registered_s": entry.registered_s if record.alias else None,
            "announced_s": entry.announced_s,
            "banned": record.banned,
            "ban_reason": entry.ban_reason,
            "invitation": entry.invitation,
            **_quota(record.quota),
            **self._relayed_for(record.key_alias),
        }


_RELAYED = (
    *("relayed_bytes", "relayed_per_month", "relayed_today_bytes", "relayed_per_day"),
    "relay_used_up",
)


def _changed(quota: Quota, change: Json) -> Quota:
    apps = change.get("apps", quota.apps)
    visits = change.get("visits_per_minute", quota.visits_per_minute)
    relay = change.get("relay", quota.relay)
    good = (
        (apps is None or (type(apps) is int and 0 <= apps <= 256))
        and (visits is None or (type(visits) is int and 1 <= visits <= 1_000_000))
        and isinstance(relay, bool)
    )
    if not good:
        raise UsageError("A quota is apps, visits per minute and relay", code="quota-invalid")
    return Quota(apps, visits, relay)


def _quota(quota: Quota) -> Json:
    return {
        "most_apps": quota.apps,
        "visits_per_minute": quota.visits_per_minute,
        "relay": quota.relay,
    }


def _names(public_key: bytes, record: BoxRecord | None) -> Json:
    known = record is not None and record.alias != ""
    return {
        "alias": record.alias if record is not None and known else None,
        "key_alias": names.key_alias_of(public_key),
        "peer_id": names.peer_id_of(public_key),
    }


def _invitation(made: Invitation) -> Json:
    return {
        "id": made.id,
        "name": made.name,
        "uses": made.uses,
        "used": made.used,
        "created_s": made.created_s,
        "expires_s": made.expires_s,
        "withdrawn": made.withdrawn,
    }


def _line(text: str, most: int) -> str:
    """A text of the operator's for a list: one line that is not endless."""
    return " ".join(text.split())[:most]


def _unknown(box: str) -> P2clawError:
    return P2clawError(
        f"No box is called {box[:60]!r} here",
        code="box-unknown",
        hint="`p2claw server boxes` lists them; a peer id may be one that never registered",
    )
