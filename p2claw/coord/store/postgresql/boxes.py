"""Boxes in PostgreSQL: their aliases, bans and quotas. Each function is part of a transaction.

What two nodes do at once is decided by the constraints of `schema`, never by what was read before.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import Any

from psycopg import AsyncConnection
from psycopg.errors import ExclusionViolation, UniqueViolation

from p2claw.coord.chosen_alias import skeleton
from p2claw.coord.store.base import BoxEntry, BoxRecord, KeyChange, Quota, StoreError, split
from p2claw.errors import RefusedError

_RECORD = """
SELECT b.public_key, b.alias, b.key_alias, b.apps, c.alias, n.public_key IS NOT NULL,
    q.apps, q.visits_per_minute, q.relay, b.registered_s, b.announced_s, n.reason, r.invitation,
    ARRAY(SELECT public_key FROM key_changes WHERE box = b.public_key ORDER BY number),
    ARRAY(SELECT statements FROM key_changes WHERE box = b.public_key ORDER BY number), k.statement
FROM boxes b LEFT JOIN claims c USING (public_key) LEFT JOIN bans n USING (public_key)
    LEFT JOIN quotas q USING (public_key) LEFT JOIN redemptions r USING (public_key)
    LEFT JOIN backups k ON k.box = b.public_key
"""
# The key by which a row of `boxes` is known, of any key that the box has had.
FIRST_KEY = "coalesce((SELECT box FROM key_changes WHERE public_key = %(key)s), %(key)s)"
_OF_KEY = f"{_RECORD} WHERE b.public_key = {FIRST_KEY}"
# The same of the box with an alias: by searches by index; with OR one would go through all boxes.
OF_ALIAS = """(
    SELECT public_key FROM boxes WHERE alias = %(alias)s OR key_alias = %(alias)s
    UNION ALL SELECT public_key FROM claims WHERE alias = %(alias)s
    UNION ALL SELECT box FROM key_changes WHERE key_alias = %(alias)s LIMIT 1)"""
_OF_ALIAS = f"{_RECORD} WHERE b.public_key = {OF_ALIAS}"

_AT_ONCE = 64
_TAKEN = """
SELECT alias FROM boxes WHERE alias = ANY(%(some)s)
UNION ALL SELECT alias FROM claims WHERE alias = ANY(%(some)s)
"""


async def of_key(db: AsyncConnection, public_key: bytes) -> BoxRecord | None:
    return _one(await (await db.execute(_OF_KEY, {"key": public_key})).fetchone())


async def first_key(db: AsyncConnection, public_key: bytes) -> bytes:
    """The key by which a box is known here, of any that it has had; else the key itself."""
    found = await (await db.execute(f"SELECT {FIRST_KEY}", {"key": public_key})).fetchone()
    assert found is not None, "this query has a row"
    return bytes(found[0])


async def of_alias(db: AsyncConnection, alias: str) -> BoxRecord | None:
    return _one(await (await db.execute(_OF_ALIAS, {"alias": alias})).fetchone())


async def entries(db: AsyncConnection) -> list[BoxEntry]:
    rows = await db.execute(f"{_RECORD} ORDER BY b.registered_s, b.alias")
    found = [BoxEntry(_record(row), *row[9:13]) for row in await rows.fetchall()]
    strangers = await db.execute(
        "SELECT public_key, banned_s, reason FROM bans b WHERE NOT EXISTS"
        " (SELECT 1 FROM boxes WHERE public_key = b.public_key) ORDER BY banned_s"
    )
    for public_key, banned_s, reason in await strangers.fetchall():
        record = BoxRecord(bytes(public_key), "", "", banned=True)
        found.append(BoxEntry(record, banned_s, None, reason, None))
    return found


async def insert(
    db: AsyncConnection, public_key: bytes, key_alias: str, candidates: Iterator[str], now_s: int
) -> bool:
    """Add a box with the first candidate that its constraints let it have.

    False: another node has added this key meanwhile. Raises StoreError: no candidate is free.
    """
    async for alias in _not_taken(db, candidates):
        try:
            async with db.transaction():
                done = await db.execute(
                    "INSERT INTO boxes (public_key, alias, key_alias, skeleton, registered_s)"
                    " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (public_key) DO NOTHING",
                    (public_key, alias, key_alias, skeleton(alias), now_s),
                )
                return done.rowcount > 0
        except (UniqueViolation, ExclusionViolation):
            # The alias is another's; or this very key has come to another node at this moment,
            # whose key alias was in the way before its key was.
            if await of_key(db, public_key) is not None:
                return False
    raise StoreError("No alias is free", hint="Add words to coord/alias_words.py")


async def _not_taken(db: AsyncConnection, candidates: Iterator[str]) -> AsyncIterator[str]:
    """Those that nobody has so far: a constraint that refuses one costs several times a look."""
    while some := list(islice(candidates, _AT_ONCE)):
        found = await db.execute(_TAKEN, {"some": some})
        taken = {alias for (alias,) in await found.fetchall()}
        for alias in some:
            if alias not in taken:
                yield alias


async def claim(db: AsyncConnection, public_key: bytes, alias: str, now_s: int) -> BoxRecord:
    """Raises RefusedError `alias-chosen`, `alias-taken`."""
    public_key = await first_key(db, public_key)
    # Two that look alike would each wait for the other, until PostgreSQL ends one after a second.
    # This only spares the wait: the constraint decides, whoever forgets the lock.
    await db.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (skeleton(alias),))
    try:
        async with db.transaction():
            await db.execute(
                "INSERT INTO claims VALUES (%s, %s, %s, %s)"
                " ON CONFLICT ON CONSTRAINT a_key_chooses_once DO NOTHING",
                (alias, skeleton(alias), public_key, now_s),
            )
    except (UniqueViolation, ExclusionViolation):
        record = await of_key(db, public_key)
        if record is None or record.alias != alias or not record.others:
            raise RefusedError(
                f"{alias!r} belongs to another box, or looks like what does",
                code="alias-taken",
                hint="Choose another",
            ) from None
    record = await of_key(db, public_key)
    assert record is not None, "a box that registered is there"
    if record.alias != alias:
        raise RefusedError(
            f"This box has chosen {record.alias} already, for ever",
            code="alias-chosen",
            hint="A box chooses one alias; another key is another box",
        )
    return record


async def ban(db: AsyncConnection, public_key: bytes, reason: str, now_s: int) -> None:
    await db.execute(
        "INSERT INTO bans VALUES (%s, %s, %s) ON CONFLICT (public_key)"
        " DO UPDATE SET reason = excluded.reason, banned_s = excluded.banned_s",
        (await first_key(db, public_key), reason, now_s),
    )


async def unban(db: AsyncConnection, public_key: bytes) -> bool:
    gone = await db.execute(f"DELETE FROM bans WHERE public_key = {FIRST_KEY}", {"key": public_key})
    return gone.rowcount > 0


async def is_banned(db: AsyncConnection, public_key: bytes) -> bool:
    found = await db.execute(
        f"SELECT 1 FROM bans WHERE public_key = {FIRST_KEY}", {"key": public_key}
    )
    return await found.fetchone() is not None


async def set_quota(db: AsyncConnection, public_key: bytes, quota: Quota) -> None:
    public_key = await first_key(db, public_key)
    if quota == Quota():
        await db.execute("DELETE FROM quotas WHERE public_key = %s", (public_key,))
        return
    await db.execute(
        "INSERT INTO quotas VALUES (%s, %s, %s, %s) ON CONFLICT (public_key) DO UPDATE"
        " SET apps = excluded.apps, visits_per_minute = excluded.visits_per_minute,"
        " relay = excluded.relay",
        (public_key, quota.apps, quota.visits_per_minute, quota.relay),
    )


async def save_apps(
    db: AsyncConnection, public_key: bytes, apps: tuple[str, ...], now_s: int
) -> None:
    await db.execute(
        f"UPDATE boxes SET apps = %(apps)s, announced_s = %(now_s)s WHERE public_key = {FIRST_KEY}",
        {"apps": list(apps), "now_s": now_s, "key": public_key},
    )


def _one(row: Any) -> BoxRecord | None:
    return None if row is None else _record(row)


def _record(row: Any) -> BoxRecord:
    public_key, alias, key_alias, apps, chosen, banned, most_apps, visits, relay, *_ = row
    changes = tuple(
        KeyChange(bytes(key), split(bytes(statements)))
        for key, statements in zip(row[13], row[14], strict=True)
    )
    return BoxRecord(
        changes[-1].public_key if changes else bytes(public_key),
        chosen or alias,
        key_alias,
        tuple(apps),
        others=(alias,) if chosen else (),
        banned=banned,
        quota=Quota(most_apps, visits, relay is None or relay),
        key_changes=changes,
        backup=bytes(row[15] or b""),
        announced_s=row[10] or 0,
    )
