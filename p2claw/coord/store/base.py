"""The interface of the store: what the coordinator must remember for ever.

Which boxes are online is not stored: a box is online while it is connected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from p2claw.errors import P2clawError
from p2claw.names import key_alias_of
from p2claw.wire.signalling.statements import STATEMENT_BYTES

# Where in a statement the key is that has signed it.
_SIGNER = slice(2, 34)


class StoreError(P2clawError):
    """The store cannot be read or written."""

    code = "store-unavailable"


@dataclass(frozen=True, slots=True)
class Quota:
    """What one box may; None: as every box. relay: whether its visits are given TURN servers."""

    apps: int | None = None
    visits_per_minute: int | None = None
    relay: bool = True


@dataclass(frozen=True, slots=True)
class KeyChange:
    """A key that followed another of its box. statements: what proves it, of 138 bytes each
    (docs/WIRE.md §10): of the key before, or of the backup key that this one had named, and so two.
    """

    public_key: bytes
    statements: tuple[bytes, ...]

    @property
    def key_alias(self) -> str:
        return key_alias_of(self.public_key)

    @property
    def backup(self) -> bytes:
        """The statement that named the backup key; b"": none did it."""
        return self.statements[0] if len(self.statements) > 1 else b""


@dataclass(frozen=True, slots=True)
class BoxRecord:
    """One box that ever registered. Its aliases are its own for ever; nobody else gets them again.

    public_key: the one that it has now. alias: the one that was chosen, else the one that was
    assigned. key_alias: of its first key, by which it is known for ever. others: further aliases.
    key_changes: the keys that followed the first one, the present key last. backup: the statement
    by which the present key has named a backup key; b"": none. announced_s: when `apps` was written
    last, in Unix seconds; 0: never.
    """

    public_key: bytes
    alias: str
    key_alias: str
    apps: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    banned: bool = False
    quota: Quota = Quota()
    key_changes: tuple[KeyChange, ...] = ()
    backup: bytes = b""
    announced_s: int = 0

    @property
    def statements(self) -> tuple[bytes, ...]:
        """By which its key follows the ones before, the oldest first."""
        return tuple(one for change in self.key_changes for one in change.statements)

    @property
    def keys(self) -> frozenset[bytes]:
        """All that it has had, and those that set one."""
        return frozenset({self.public_key, *(one[_SIGNER] for one in self.statements)})

    @property
    def later_key_aliases(self) -> tuple[str, ...]:
        """Of the keys after the first one."""
        return tuple(change.key_alias for change in self.key_changes)


@dataclass(frozen=True, slots=True)
class BoxEntry:
    """A box in the list for the operator. Times are Unix seconds; invitation: its id."""

    record: BoxRecord
    registered_s: int
    announced_s: int | None
    ban_reason: str | None
    invitation: int | None


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation, without its code. expires_s: Unix seconds, None: never."""

    id: int
    name: str
    uses: int
    used: int
    created_s: int
    expires_s: int | None
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class Delegation:
    """A box that may respond for the names of another, by a statement of that one's key.

    joined: the member has agreed. member_alias: its key alias, "" if it never registered;
    member_apps: as it announced them last. banned: the operator keeps the member out.
    """

    founder: bytes
    member: bytes
    statement: bytes
    joined: bool
    founder_alias: str
    member_alias: str
    member_apps: frozenset[str]
    banned: bool


def split(statements: bytes) -> tuple[bytes, ...]:
    """Statements that lie behind each other."""
    return tuple(
        statements[at : at + STATEMENT_BYTES] for at in range(0, len(statements), STATEMENT_BYTES)
    )


class Store(Protocol):
    """Every method returns when what it did survives the loss of power.

    A box is named by any key that it has had. A method raises StoreError if the store cannot be
    reached or is full.
    """

    async def box_of_key(self, public_key: bytes) -> BoxRecord | None:
        """The record of the box that has, or had, this key; None if it never registered."""
        ...

    async def box_of_alias(self, alias: str) -> BoxRecord | None:
        """The record with this alias, assigned or chosen, or key alias."""
        ...

    async def add_box(
        self,
        public_key: bytes,
        key_alias: str,
        candidates: Iterator[str],
        now_s: int,
        invite: bytes | None = None,
    ) -> BoxRecord:
        """The record of a key; a new one is made with the first candidate that nobody has.

        invite: the hash of a code, of which one use is taken if the box is new, in the same
        commit. Raises RefusedError `invite-invalid`.
        """
        ...

    async def claim(self, public_key: bytes, alias: str, now_s: int) -> BoxRecord:
        """Give a box the alias that it chose; the one that it has chosen already is no error.

        Raises RefusedError `alias-taken`, `alias-chosen` if it has chosen another.
        """
        ...

    async def change_key(
        self, present: bytes, changes: Sequence[KeyChange], now_s: int
    ) -> BoxRecord:
        """Give the box whose key is `present` the keys that follow it, the last one to stay.

        The statements have been verified. What has been done already is no error. Raises
        RefusedError `key-replaced` if the box has another key, `key-known` if a new key is one
        of another box, `key-changes-used-up`, `backup-unknown` if it is by a backup key that is
        not the one of the box.
        """
        ...

    async def set_backup(
        self, public_key: bytes, backup_key: bytes | None, statement: bytes, now_s: int
    ) -> BoxRecord:
        """Let a key set the next key of the box that has this one; None: none may.

        Raises RefusedError `key-replaced`, and `backup-known` if it is another box's.
        """
        ...

    async def box_of_backup(self, backup_key: bytes) -> BoxRecord | None:
        """The box that has this backup key."""
        ...

    async def boxes(self) -> list[BoxEntry]:
        """Every box, and every key that is banned without ever having registered."""
        ...

    async def ban(self, public_key: bytes, reason: str, now_s: int) -> None:
        """Keep a key out; it may be one that never registered."""
        ...

    async def unban(self, public_key: bytes) -> bool:
        """Let a key in again; False if it was not banned."""
        ...

    async def is_banned(self, public_key: bytes) -> bool:
        """Whether a key is kept out."""
        ...

    async def set_quota(self, public_key: bytes, quota: Quota) -> None:
        """What a box may from now on."""
        ...

    async def invite(
        self, code_hash: bytes, name: str, uses: int, now_s: int, expires_s: int | None
    ) -> Invitation:
        """Make an invitation."""
        ...

    async def invitations(self) -> list[Invitation]:
        """Every invitation that was made."""
        ...

    async def withdraw(self, number: int) -> bool:
        """Make an invitation good for nobody more; False if there is none with this id."""
        ...

    async def is_invited(self, code_hash: bytes, now_s: int) -> bool:
        """Whether an invitation can be used now."""
        ...

    async def team_of(self, founder: bytes) -> list[Delegation]:
        """The delegations by this key, expired ones too."""
        ...

    async def has_team(self, alias: str) -> bool:
        """Whether `team_of` the box with this alias, of whatever kind, has anybody."""

    async def teams_with(self, member: bytes) -> list[Delegation]:
        """The delegations to this key, expired ones too."""
        ...

    async def set_team(self, founder: bytes, statements: Mapping[bytes, bytes]) -> None:
        """Replace the delegations by this key. statements: by the key of each member.

        Who has joined, and is in it again, stays joined.
        """
        ...

    async def join_team(self, founder: bytes, member: bytes, *, joined: bool) -> bool:
        """The member agrees to respond for the founder's names, or no more; False: it was not
        invited."""
        ...

    async def save_apps(self, public_key: bytes, apps: tuple[str, ...], now_s: int) -> None:
        """Replace the set of apps of a box."""
        ...

    async def declare_lost(self, node: str) -> None:
        """Nodes that have the bus call this one lost: its lease has ended."""
        ...

    async def is_lost(self, node: str) -> bool:
        """Whether a node is called lost."""
        ...

    async def forget_lost(self, node: str) -> None:
        """A node has its lease again."""
        ...

    async def check(self) -> None:
        """Returns if the store can be read and written."""
        ...

    async def close(self) -> None:
        """Give up the store; what was acknowledged is in it."""
        ...
