"""The boxes that are online, by their control connection and by every alias. Sans-IO."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from p2claw import names
from p2claw.coord.store.base import Quota
from p2claw.token_bucket import TokenBucket
from p2claw.wire.signalling import DialOffered


@dataclass(slots=True)
class OnlineBox:
    """A box that is online.

    others: aliases beside `alias` and `key_alias`. bucket: of visits; there from the first one on.
    announced: whether `apps` is what it announced on this connection. down: apps for which nothing
    listens there. sessions: visits under way.
    offers: of these, those that cost the box something, as an introduction alone does not.
    dials: how it is dialled, one per process of the box. key_alias: of its first key. later: key
    aliases of those that followed. statements: by which its key follows them. doubted: an offer got
    no answer in time, and nothing has come from the box since.
    """

    connection: int
    public_key: bytes
    alias: str
    key_alias: str
    apps: frozenset[str]
    others: tuple[str, ...]
    quota: Quota
    bucket: TokenBucket | None = None
    announced: bool = False
    dials: tuple[DialOffered, ...] = ()
    sessions: set[str] = field(default_factory=set)
    offers: int = 0
    later: tuple[str, ...] = ()
    statements: tuple[bytes, ...] = ()
    doubted: bool = False
    down: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """Every alias of it, of whatever kind."""
        return frozenset((self.alias, self.key_alias, *self.others, *self.later))

    def dial_for(self, visit: str) -> DialOffered | None:
        """How this visitor dials it; None: not at all. visit: a text that is drawn for each visit,
        so that as many visitors are given one process as another.
        """
        return self.dials[zlib.crc32(visit.encode()) % len(self.dials)] if self.dials else None


class OnlineBoxes:
    """The table of boxes that are online."""

    def __init__(self) -> None:
        self.used_up: Callable[[], frozenset[str]] = frozenset
        """The key aliases of boxes for which no more may be relayed this month, or day."""
        self._by_connection: dict[int, OnlineBox] = {}
        self._by_alias: dict[str, OnlineBox] = {}

    def __len__(self) -> int:
        return len(self._by_connection)

    def __iter__(self) -> Iterator[OnlineBox]:
        return iter(self._by_connection.values())

    def __getitem__(self, connection: int) -> OnlineBox:
        return self._by_connection[connection]

    def at(self, connection: int) -> OnlineBox | None:
        """The box with this control connection; None: there is none, or it has been replaced."""
        return self._by_connection.get(connection)

    def called(self, alias: str) -> OnlineBox | None:
        """The box with this alias, of whatever kind."""
        return self._by_alias.get(alias)

    def of_key(self, public_key: bytes) -> OnlineBox | None:
        """The box that has, or had, this key."""
        return self._by_alias.get(names.key_alias_of(public_key))

    def is_online(self, alias: str) -> bool:
        """Whether the box with this alias, or key alias, has a control connection."""
        return alias in self._by_alias

    def is_doubted(self, alias: str) -> bool:
        """Whether the box with this alias is online, and was silent when it was asked last."""
        box = self._by_alias.get(alias)
        return box is not None and box.doubted

    def may_relay(self, alias: str) -> bool:
        """Whether visits of the box with this alias are given TURN servers."""
        box = self._by_alias.get(alias)
        return box is None or (box.quota.relay and box.key_alias not in self.used_up())

    def relay_refusal(self, account: str) -> str:
        """Why visits of this box, by its key alias, have no relay, as far as visitors learn."""
        return "relay-budget" if account in self.used_up() else ""

    def account_of(self, alias: str) -> str:
        """For which box it counts what is relayed in visits of this alias; "": none is known."""
        box = self._by_alias.get(alias)
        return "" if box is None else box.key_alias

    def dialled(self, alias: str, visit: str) -> bytes:
        """Key, signature and descriptor of the box with this alias; empty if it is not dialled.

        visit: as of `OnlineBox.dial_for`.
        """
        box = self._by_alias.get(alias)
        dial = None if box is None else box.dial_for(visit)
        if box is None or dial is None:
            return b""
        return box.public_key + dial.signature + dial.descriptor

    def apps_of(self, connection: int) -> int | None:
        """How many apps this box may have; None: as many as the protocol allows."""
        box = self._by_connection.get(connection)
        return None if box is None else box.quota.apps

    def add(self, box: OnlineBox) -> None:
        """A box has come online. None with its key may be there."""
        self._by_connection[box.connection] = box
        for name in box.names:
            self._by_alias[name] = box

    def rename(self, box: OnlineBox, alias: str) -> None:
        """Call a box by another alias first of all; it keeps those that it has."""
        box.others = (box.alias, *box.others)
        box.alias = alias
        self._by_alias[alias] = box

    def remove(self, connection: int) -> OnlineBox | None:
        """The box with this connection, which is not online any more; None if it was not before."""
        box = self._by_connection.pop(connection, None)
        if box is not None:
            for name in box.names:
                del self._by_alias[name]
        return box
