"""The tables of the store in SQLite: each version is what is added to the one before.

What must never be wrong is a constraint, not a rule of the program: an alias has one key for ever,
a box has one key at a time and chooses one alias, and an invitation is used as often as it allows
and no more.
"""

from __future__ import annotations

_BOXES = """
CREATE TABLE boxes (
    public_key BLOB PRIMARY KEY,
    alias TEXT NOT NULL UNIQUE,
    key_alias TEXT NOT NULL UNIQUE,
    registered_s INTEGER NOT NULL,
    apps TEXT NOT NULL DEFAULT '[]',
    announced_s INTEGER
) STRICT, WITHOUT ROWID;
CREATE TRIGGER alias_is_permanent BEFORE UPDATE OF public_key, alias, key_alias ON boxes
    BEGIN SELECT RAISE(ABORT, 'an alias is permanent'); END;
CREATE TRIGGER alias_is_never_reused BEFORE DELETE ON boxes
    BEGIN SELECT RAISE(ABORT, 'an alias is never reused'); END;
"""

_ADMISSION = """
CREATE TABLE invitations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    code_hash BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    uses INTEGER NOT NULL CHECK (uses > 0),
    used INTEGER NOT NULL DEFAULT 0 CHECK (used BETWEEN 0 AND uses),
    created_s INTEGER NOT NULL,
    expires_s INTEGER,
    withdrawn INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE redemptions (
    public_key BLOB PRIMARY KEY REFERENCES boxes,
    invitation INTEGER NOT NULL REFERENCES invitations,
    redeemed_s INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE claims (
    alias TEXT PRIMARY KEY,
    skeleton TEXT NOT NULL UNIQUE,
    public_key BLOB NOT NULL UNIQUE REFERENCES boxes,
    claimed_s INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER claim_is_permanent BEFORE UPDATE ON claims
    BEGIN SELECT RAISE(ABORT, 'an alias is permanent'); END;
CREATE TRIGGER claim_is_never_reused BEFORE DELETE ON claims
    BEGIN SELECT RAISE(ABORT, 'an alias is never reused'); END;
CREATE TABLE bans (
    public_key BLOB PRIMARY KEY,
    reason TEXT NOT NULL,
    banned_s INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE quotas (
    public_key BLOB PRIMARY KEY REFERENCES boxes,
    apps INTEGER CHECK (apps >= 0),
    visits_per_minute INTEGER CHECK (visits_per_minute > 0),
    relay INTEGER NOT NULL DEFAULT 1
) STRICT, WITHOUT ROWID;
"""

# Which store this is, and how many times it was opened: see `life`. probed_s: written to find out
# whether anything can be.
_LIFE = """
CREATE TABLE life (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    store TEXT NOT NULL,
    opened INTEGER NOT NULL,
    probed_s INTEGER NOT NULL
) STRICT;
INSERT INTO life (one, store, opened, probed_s) VALUES (1, lower(hex(randomblob(16))), 0, 0);
"""

# No name of a box is one of another, whatever kind both are of. UNIQUE holds it within a column.
_NAMES = """
CREATE TRIGGER box_name_has_one_key BEFORE INSERT ON boxes WHEN
    EXISTS (SELECT 1 FROM boxes WHERE (alias = NEW.key_alias OR key_alias = NEW.alias)
        AND public_key <> NEW.public_key)
    OR EXISTS (SELECT 1 FROM claims WHERE alias IN (NEW.alias, NEW.key_alias)
        AND public_key <> NEW.public_key)
    BEGIN SELECT RAISE(ABORT, 'a name has one key'); END;
CREATE TRIGGER chosen_name_has_one_key BEFORE INSERT ON claims WHEN
    EXISTS (SELECT 1 FROM boxes WHERE (alias = NEW.alias OR key_alias = NEW.alias)
        AND public_key <> NEW.public_key)
    BEGIN SELECT RAISE(ABORT, 'a name has one key'); END;
"""

# Which boxes respond for the names of another. pair: both keys, one after the other.
_TEAMS = """
CREATE TABLE delegations (
    pair BLOB PRIMARY KEY,
    founder BLOB NOT NULL REFERENCES boxes,
    member BLOB NOT NULL,
    statement BLOB NOT NULL,
    joined INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX delegations_by_founder ON delegations (founder);
CREATE INDEX delegations_to_member ON delegations (member);
"""

# The keys that a box has had after its first one, which stays in `boxes`: the one with the highest
# number is the box's. A number is there once, so a box has one key at any time, and never two that
# follow the same. backups: who may set the next key instead of the present one.
_KEYS = """
CREATE TABLE key_changes (
    public_key BLOB PRIMARY KEY CHECK (length(public_key) = 32),
    box BLOB NOT NULL REFERENCES boxes,
    number INTEGER NOT NULL CHECK (number > 0),
    key_alias TEXT NOT NULL UNIQUE,
    statements BLOB NOT NULL,
    changed_s INTEGER NOT NULL,
    CONSTRAINT a_box_has_one_key UNIQUE (box, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE backups (
    box BLOB PRIMARY KEY REFERENCES boxes,
    backup_key BLOB NOT NULL UNIQUE CHECK (length(backup_key) = 32),
    statement BLOB NOT NULL,
    made_s INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER key_change_is_permanent BEFORE UPDATE ON key_changes
    BEGIN SELECT RAISE(ABORT, 'a change of key is permanent'); END;
CREATE TRIGGER key_change_is_never_undone BEFORE DELETE ON key_changes
    BEGIN SELECT RAISE(ABORT, 'a change of key is permanent'); END;
CREATE TRIGGER changed_key_has_one_box BEFORE INSERT ON key_changes WHEN
    EXISTS (SELECT 1 FROM boxes WHERE public_key = NEW.public_key
        OR alias = NEW.key_alias OR key_alias = NEW.key_alias)
    BEGIN SELECT RAISE(ABORT, 'a key has one box'); END;
CREATE TRIGGER first_key_has_one_box BEFORE INSERT ON boxes WHEN
    EXISTS (SELECT 1 FROM key_changes WHERE public_key = NEW.public_key
        OR key_alias IN (NEW.alias, NEW.key_alias))
    BEGIN SELECT RAISE(ABORT, 'a key has one box'); END;
"""

SCHEMAS = (_BOXES, _ADMISSION, _LIFE, _NAMES, _TEAMS, _KEYS)
SCHEMA_VERSION = len(SCHEMAS)
