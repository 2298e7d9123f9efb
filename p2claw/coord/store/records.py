"""Records of boxes in memory, by key and by alias. Sans-IO; whose truth they are, others say."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

from p2claw.coord.store.base import BoxRecord

# Of some 500 bytes each; at the limit the one that was written first is forgotten.
MOST_RECORDS = 100_000


class Records:
    """Of at most `most` boxes. A box is found by its present key, not by one that it had before."""

    def __init__(self, most: int = MOST_RECORDS) -> None:
        self._most = most
        self._by_key: OrderedDict[bytes, BoxRecord] = OrderedDict()
        self._keys: dict[str, bytes] = {}

    def __len__(self) -> int:
        return len(self._by_key)

    def __contains__(self, public_key: bytes) -> bool:
        return public_key in self._by_key

    def of_key(self, public_key: bytes) -> BoxRecord | None:
        return self._by_key.get(public_key)

    def of_alias(self, alias: str) -> BoxRecord | None:
        key = self._keys.get(alias)
        return None if key is None else self._by_key.get(key)

    def remember(self, record: BoxRecord) -> None:
        """Instead of what was known of this box, perhaps by a key that it had before."""
        self._forget(self._keys.get(record.key_alias, b""))
        self._by_key[record.public_key] = record
        for name in _names(record):
            self._keys[name] = record.public_key
        if len(self._by_key) > self._most:
            self._forget(next(iter(self._by_key)))

    def change(self, public_key: bytes, **changes: object) -> None:
        """Nothing if the box is not known here."""
        record = self._by_key.get(public_key)
        if record is not None:
            self._by_key[public_key] = replace(record, **changes)  # type: ignore[arg-type]

    def clear(self) -> None:
        """Forget all."""
        self._by_key.clear()
        self._keys.clear()

    def _forget(self, public_key: bytes) -> None:
        older = self._by_key.pop(public_key, None)
        if older is not None:
            for name in _names(older):
                self._keys.pop(name, None)


def _names(record: BoxRecord) -> tuple[str, ...]:
    return (record.alias, record.key_alias, *record.others, *record.later_key_aliases)
