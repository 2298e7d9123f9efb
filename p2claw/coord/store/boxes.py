"""Boxes in SQLite: their aliases, bans and quotas. Each function is a part of one transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

from p2claw.coord.chosen_alias import skeleton
from p2claw.coord.store.base import BoxEntry, BoxRecord, KeyChange, Quota, split
from p2claw.errors import RefusedError

_RECORD = """
SELECT b.public_key, b.alias, b.key_alias, b.apps, c.alias, n.public_key IS NOT NULL,
    q.apps, q.visits_per_minute, q.relay, b.registered_s, b.announced_s, n.reason, r.invitation,
    EXISTS (SELECT 1 FROM key_changes WHERE box = b.public_key), k.statement
FROM boxes b LEFT JOIN claims c USING (public_key) LEFT JOIN bans n USING (public_key)
    LEFT JOIN quotas q USING (public_key) LEFT JOIN redemptions r USING (public_key)
    LEFT JOIN backups k ON k.box = b.public_key
"""

# The key by which a row of `boxes` is known, of any key that the box has had.
FIRST_KEY = "coalesce((SELECT box FROM key_changes WHERE public_key = ?1), ?1)"

_IN_USE = """
SELECT 1 FROM boxes WHERE alias = ?1 OR key_alias = ?1
UNION ALL SELECT 1 FROM claims WHERE alias = ?1 OR skeleton = ?2 LIMIT 1
"""


def of_key(db: sqlite3.Connection, public_key: bytes) -> BoxRecord | None:
    return _one(db, f"b.public_key = {FIRST_KEY}", public_key)


def of_alias(db: sqlite3.Connection, alias: str) -> BoxRecord | None:
    return (
        _one(db, "b.alias = ?1 OR b.key_alias = ?1", alias)
        or _one(db, "c.alias = ?", alias)
        or _one(db, "b.public_key = (SELECT box FROM key_changes WHERE key_alias = ?)", alias)
    )


def entries(db: sqlite3.Connection) -> list[BoxEntry]:
    found = [
        BoxEntry(_record(db, row), row[9], row[10], row[11], row[12])
        for row in db.execute(f"{_RECORD} ORDER BY b.registered_s, b.alias").fetchall()
    ]
    strangers = db.execute(
        "SELECT public_key, banned_s, reason FROM bans"
        " WHERE public_key NOT IN (SELECT public_key FROM boxes) ORDER BY banned_s"
    )
    for public_key, banned_s, reason in strangers:
        record = BoxRecord(public_key, "", "", banned=True)
        found.append(BoxEntry(record, banned_s, None, reason, None))
    return found


def first_free(db: sqlite3.Connection, candidates: Iterator[str]) -> str | None:
    """The first alias that nobody has, and that does not look like one that somebody chose."""
    for alias in candidates:
        if db.execute(_IN_USE, (alias, skeleton(alias))).fetchone() is None:
            return alias
    return None


def insert(
    db: sqlite3.Connection, public_key: bytes, alias: str, key_alias: str, now_s: int
) -> None:
    db.execute(
        "INSERT INTO boxes (public_key, alias, key_alias, registered_s) VALUES (?, ?, ?, ?)",
        (public_key, alias, key_alias, now_s),
    )


def claim(db: sqlite3.Connection, public_key: bytes, alias: str, now_s: int) -> BoxRecord:
    """Raises RefusedError `alias-chosen`, `alias-taken`."""
    public_key = first_key(db, public_key)
    (chosen,) = db.execute(
        "SELECT (SELECT alias FROM claims WHERE public_key = ?)", (public_key,)
    ).fetchone()
    if chosen is not None and chosen != alias:
        raise RefusedError(
            f"This box has chosen {chosen} already, for ever",
            code="alias-chosen",
            hint="A box chooses one alias; another key is another box",
        )
    if chosen is None:
        look = skeleton(alias)
        alike = db.execute(
            "SELECT 1 FROM claims WHERE skeleton = ?1 UNION ALL"
            " SELECT 1 FROM boxes WHERE skeleton(alias) = ?1 AND public_key <> ?2 LIMIT 1",
            (look, public_key),
        ).fetchone()
        if alike is not None:
            raise RefusedError(
                f"{alias!r} belongs to another box, or looks like what does",
                code="alias-taken",
                hint="Choose another",
            )
        db.execute("INSERT INTO claims VALUES (?, ?, ?, ?)", (alias, look, public_key, now_s))
    record = of_key(db, public_key)
    assert record is not None, "a box that registered is there"
    return record


def ban(db: sqlite3.Connection, public_key: bytes, reason: str, now_s: int) -> None:
    db.execute(
        "INSERT OR REPLACE INTO bans VALUES (?, ?, ?)", (first_key(db, public_key), reason, now_s)
    )


def unban(db: sqlite3.Connection, public_key: bytes) -> bool:
    gone = db.execute(f"DELETE FROM bans WHERE public_key = {FIRST_KEY}", (public_key,))
    return gone.rowcount > 0


def is_banned(db: sqlite3.Connection, public_key: bytes) -> bool:
    found = db.execute(f"SELECT 1 FROM bans WHERE public_key = {FIRST_KEY}", (public_key,))
    return found.fetchone() is not None


def set_quota(db: sqlite3.Connection, public_key: bytes, quota: Quota) -> None:
    public_key = first_key(db, public_key)
    if quota == Quota():
        db.execute("DELETE FROM quotas WHERE public_key = ?", (public_key,))
        return
    db.execute(
        "INSERT OR REPLACE INTO quotas VALUES (?, ?, ?, ?)",
        (public_key, quota.apps, quota.visits_per_minute, int(quota.relay)),
    )


def _one(db: sqlite3.Connection, where: str, value: object) -> BoxRecord | None:
    row = db.execute(f"{_RECORD} WHERE {where}", (value,)).fetchone()
    return None if row is None else _record(db, row)


def first_key(db: sqlite3.Connection, public_key: bytes) -> bytes:
    """The key by which a box is known here, of any that it has had; else the key itself."""
    (found,) = db.execute(f"SELECT {FIRST_KEY}", (public_key,)).fetchone()
    return bytes(found)


def key_changes(db: sqlite3.Connection, first: bytes) -> tuple[KeyChange, ...]:
    """Of the box whose first key this is."""
    rows = db.execute(
        "SELECT public_key, statements FROM key_changes WHERE box = ? ORDER BY number", (first,)
    )
    return tuple(KeyChange(key, split(statements)) for key, statements in rows)


def _record(db: sqlite3.Connection, row: Any) -> BoxRecord:
    public_key, alias, key_alias, apps, chosen, banned, most_apps, visits, relay, *_ = row
    changes = key_changes(db, public_key) if row[13] else ()
    return BoxRecord(
        changes[-1].public_key if changes else public_key,
        chosen or alias,
        key_alias,
        tuple(json.loads(apps)),
        others=(alias,) if chosen else (),
        banned=bool(banned),
        quota=Quota(most_apps, visits, relay is None or bool(relay)),
        key_changes=changes,
        backup=row[14] or b"",
        announced_s=row[10] or 0,
    )
