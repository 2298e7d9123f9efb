"""Delegations in SQLite: which boxes respond for the names of another. Parts of one transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from p2claw.coord.store.base import Delegation
from p2claw.coord.store.boxes import FIRST_KEY, first_key

SELECT = """
SELECT d.founder, d.member, d.statement, d.joined, f.alias, fc.alias, m.key_alias, m.apps,
    n.public_key IS NOT NULL
FROM delegations d JOIN boxes f ON f.public_key = d.founder
    LEFT JOIN claims fc ON fc.public_key = d.founder
    LEFT JOIN key_changes k ON k.public_key = d.member
    LEFT JOIN boxes m ON m.public_key = coalesce(k.box, d.member)
    LEFT JOIN bans n ON n.public_key = coalesce(k.box, d.member)
"""
# A member is in it by the key that was stated, which may be one of before.
_OF_MEMBER = f"coalesce(k.box, d.member) = {FIRST_KEY}"


def of_founder(db: sqlite3.Connection, founder: bytes) -> list[Delegation]:
    return [_read(row) for row in db.execute(f"{SELECT} WHERE d.founder = {FIRST_KEY}", (founder,))]


def with_member(db: sqlite3.Connection, member: bytes) -> list[Delegation]:
    return [_read(row) for row in db.execute(f"{SELECT} WHERE {_OF_MEMBER}", (member,))]


def replace(db: sqlite3.Connection, founder: bytes, statements: Mapping[bytes, bytes]) -> None:
    founder = first_key(db, founder)
    rows = db.execute("SELECT member FROM delegations WHERE founder = ?", (founder,)).fetchall()
    gone = [(founder + member,) for (member,) in rows if member not in statements]
    db.executemany("DELETE FROM delegations WHERE pair = ?", gone)
    db.executemany(
        "INSERT INTO delegations (pair, founder, member, statement) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (pair) DO UPDATE SET statement = excluded.statement",
        [(founder + member, founder, member, data) for member, data in statements.items()],
    )


def join(db: sqlite3.Connection, founder: bytes, member: bytes, *, joined: bool) -> bool:
    founder = first_key(db, founder)
    pairs = [(founder + one.member) for one in with_member(db, member) if one.founder == founder]
    db.executemany(
        "UPDATE delegations SET joined = ? WHERE pair = ?", [(int(joined), pair) for pair in pairs]
    )
    return bool(pairs)


def _read(row: Any) -> Delegation:
    return read((*row[:7], json.loads(row[7] or "[]"), row[8]))


def read(row: Any) -> Delegation:
    """A row of SELECT; apps: a list."""
    founder, member, statement, joined, assigned, chosen, key_alias, apps, banned = row
    return Delegation(
        bytes(founder),
        bytes(member),
        bytes(statement),
        joined=bool(joined),
        founder_alias=chosen or assigned,
        member_alias=key_alias or "",
        member_apps=frozenset(apps),
        banned=bool(banned),
    )
