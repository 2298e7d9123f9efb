"""Looks for damage in a database: of its pages and indexes, and of single rows."""

from __future__ import annotations

import sqlite3

MOST_FOUND = 20

# A row that reads like this was never written by this program.
_BAD_ROWS = {
    "boxes": """length(public_key) <> 32 OR alias = '' OR alias GLOB '*[^a-z0-9]*'
        OR key_alias = '' OR CASE WHEN json_valid(apps) THEN json_type(apps) <> 'array'
        OR EXISTS (SELECT 1 FROM json_each(apps) WHERE type <> 'text') ELSE 1 END""",
    "claims": "alias = '' OR alias GLOB '*[^a-z0-9]*' OR length(public_key) <> 32",
    "invitations": "length(code_hash) <> 32",
    "bans": "length(public_key) <> 32",
    "key_changes": "key_alias = '' OR statements = x''",
}


def damage_of(connection: sqlite3.Connection) -> list[str]:
    """What is damaged, a line each; at most `MOST_FOUND` of each kind. Raises sqlite3.Error."""
    found = [
        text
        for (text,) in connection.execute(f"PRAGMA integrity_check({MOST_FOUND})")
        if text != "ok"
    ]
    if found:
        return found  # what is read from such pages means nothing
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check").fetchmany(
        MOST_FOUND
    ):
        found.append(f"a row of {table} ({row or 'without a number'}) has no row of {parent}")
    there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    for table in sorted(_BAD_ROWS.keys() & there):  # an earlier version had fewer
        is_bad = _BAD_ROWS[table]
        (rows,) = connection.execute(f"SELECT count(*) FROM {table} WHERE {is_bad}").fetchone()
        if rows:
            found.append(f"{rows} of the rows of {table} cannot be read")
    return found
