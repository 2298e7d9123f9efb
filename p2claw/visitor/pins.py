"""Pins: the key that each box had when it was visited last, in one JSON file of the visitor.

It is the one of the first visit, or one that follows it as the older key has stated. Keys that were
followed are kept too: none of them is good any more.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from p2claw.config import home_dir
from p2claw.locked_file import LockedFile
from p2claw.names import PEER_ID
from p2claw.units import MIB

FILE_NAME = "known_boxes.json"

# A box is some 100 bytes.
FILE_BYTES = 16 * MIB

_MEND = "It holds the keys of boxes that you visited. Repair it; deleting it trusts anew"


@dataclass(frozen=True, slots=True)
class Pin:
    """The key of a box, by its peer id. past: those that it had before, which this visitor knew."""

    peer_id: str
    past: tuple[str, ...] = ()


class PinStore:
    """The file of pins: `{"version": 1, "boxes": {host: peer id}, "past": {host: [peer id]}}`, mode
    0600, replaced as a whole."""

    def __init__(self, path: Path) -> None:
        self._file = LockedFile(path, "known boxes", FILE_BYTES, _MEND)

    @classmethod
    def of_home(cls) -> PinStore:
        """The one of this user: `$P2CLAW_HOME/known_boxes.json`."""
        return cls(home_dir() / FILE_NAME)

    @property
    def path(self) -> Path:
        return self._file.path

    def get(self, host: str) -> Pin | None:
        """The key that host had.

        Raises UsageError `known-boxes-damaged`, or `known-boxes-exposed` if others may change it.
        """
        return self._read().get(host)

    def add(self, host: str, peer_id: str, past: Sequence[str] = ()) -> None:
        """Remember the first key of a host, and those that it follows; one that is known stays.

        Raises as `get`, and UsageError `known-boxes-locked`, `known-boxes-unwritable`.
        """
        with self._file.changing():
            pins = self._read()
            if host not in pins:
                self._file.write(_serialize({**pins, host: Pin(peer_id, tuple(past))}))

    def follow(self, host: str, line: Sequence[str]) -> None:
        """Remember the first of these keys if the one that is remembered is among the others, which
        it follows. Raises as `add`.
        """
        with self._file.changing():
            pins = self._read()
            pin = pins.get(host)
            if pin is not None and pin.peer_id in line[1:]:
                past = dict.fromkeys((*line[1:], *pin.past))
                self._file.write(_serialize({**pins, host: Pin(line[0], tuple(past))}))

    def _read(self) -> dict[str, Pin]:
        content = self._file.read()
        if content is None:
            return {}
        try:
            document = self._file.parse(content)
            past = document.get("past", {})
            pins = {
                host: Pin(peer_id, tuple(past.get(host, ())))
                for host, peer_id in document["boxes"].items()
            }
            if all(
                PEER_ID.fullmatch(one) for pin in pins.values() for one in (pin.peer_id, *pin.past)
            ):
                return pins
        except (KeyError, TypeError, AttributeError):
            pass
        raise self._file.damaged("it has no `boxes` with a peer id each")


def _serialize(pins: dict[str, Pin]) -> bytes:
    document = {
        "version": 1,
        "boxes": {host: pin.peer_id for host, pin in pins.items()},
        "past": {host: pin.past for host, pin in pins.items() if pin.past},
    }
    return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()
