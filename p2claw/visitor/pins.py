"""Pins: the key that each box had at the first visit, in one JSON file of the visitor."""

from __future__ import annotations

import json
from pathlib import Path

from p2claw.config import home_dir
from p2claw.locked_file import LockedFile
from p2claw.names import PEER_ID
from p2claw.units import MIB

FILE_NAME = "known_boxes.json"

# A box is some 100 bytes.
FILE_BYTES = 16 * MIB

_MEND = "It holds the keys of boxes that you visited. Repair it; deleting it trusts anew"


class PinStore:
    """The file of pins: `{"version": 1, "boxes": {host: peer id}}`, mode 0600, replaced as a
    whole."""

    def __init__(self, path: Path) -> None:
        self._file = LockedFile(path, "known boxes", FILE_BYTES, _MEND)

    @classmethod
    def of_home(cls) -> PinStore:
        """The one of this user: `$P2CLAW_HOME/known_boxes.json`."""
        return cls(home_dir() / FILE_NAME)

    @property
    def path(self) -> Path:
        return self._file.path

    def get(self, host: str) -> str | None:
        """The peer id that host had.

        Raises UsageError `known-boxes-damaged`, or `known-boxes-exposed` if others may change it.
        """
        return self._read().get(host)

    def add(self, host: str, peer_id: str) -> None:
        """Remember the first key of a host; one that is known stays.

        Raises as `get`, and UsageError `known-boxes-locked`, `known-boxes-unwritable`.
        """
        with self._file.changing():
            boxes = self._read()
            if boxes.setdefault(host, peer_id) == peer_id:
                self._file.write(_serialize(boxes))

    def _read(self) -> dict[str, str]:
        content = self._file.read()
        if content is None:
            return {}
        try:
            boxes = self._file.parse(content)["boxes"]
            if all(PEER_ID.fullmatch(peer_id) for peer_id in boxes.values()):
                return dict(boxes)
        except (KeyError, TypeError, AttributeError):
            pass
        raise self._file.damaged("it has no `boxes` with a peer id each")


def _serialize(boxes: dict[str, str]) -> bytes:
    return (json.dumps({"version": 1, "boxes": boxes}, indent=2, sort_keys=True) + "\n").encode()
