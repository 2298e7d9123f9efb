"""The interface of the store: what the coordinator must remember for ever.

Which boxes are online is not stored: a box is online while it is connected.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class BoxRecord:
    """One key that ever registered. The alias is its own for ever; nobody else gets it again."""

    public_key: bytes
    alias: str
    key_alias: str
    apps: tuple[str, ...] = ()


class Store(Protocol):
    """Every method returns when what it did survives the loss of power.

    A method raises StoreError if the store cannot be reached or is full.
    """

    async def box_of_key(self, public_key: bytes) -> BoxRecord | None:
        """The record of a key; None if it never registered."""
        ...

    async def box_of_alias(self, alias: str) -> BoxRecord | None:
        """The record with this alias or key alias."""
        ...

    async def add_box(
        self, public_key: bytes, key_alias: str, candidates: Iterator[str], now_s: int
    ) -> BoxRecord:
        """The record of a key; a new one is made with the first candidate that nobody has."""
        ...

    async def save_apps(self, public_key: bytes, apps: tuple[str, ...], now_s: int) -> None:
        """Replace the set of apps of a box."""
        ...

    async def check(self) -> None:
        """Returns if the store can be read and written."""
        ...

    async def close(self) -> None:
        """Give up the store; what was acknowledged is in it."""
        ...
