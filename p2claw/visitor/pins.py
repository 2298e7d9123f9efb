"""Pins: the key that each box had at the first visit, in one JSON file of the visitor."""

from __future__ import annotations

import contextlib
import json
import math
import os
from collections.abc import Iterator
from pathlib import Path

from p2claw.config import home_dir
from p2claw.errors import UsageError
from p2claw.file_lock import FileLock
from p2claw.names import PEER_ID

FILE_NAME = "known_boxes.json"


class PinStore:
    """The file of pins: `{"version": 1, "boxes": {host: peer id}}`, mode 0600, replaced as a
    whole."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def of_home(cls) -> PinStore:
        """The one of this user: `$P2CLAW_HOME/known_boxes.json`."""
        return cls(home_dir() / FILE_NAME)

    @property
    def path(self) -> Path:
        return self._path

    def get(self, host: str) -> str | None:
        """The peer id that host had. Raises UsageError `known-boxes-damaged`."""
        return self._read().get(host)

    def add(self, host: str, peer_id: str) -> None:
        """Remember the first key of a host; one that is known stays. Raises as `get`."""
        with self._locked():
            boxes = self._read()
            if boxes.setdefault(host, peer_id) == peer_id:
                self._write(boxes)

    def _read(self) -> dict[str, str]:
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        try:
            boxes = json.loads(text)["boxes"]
            if all(PEER_ID.fullmatch(peer_id) for peer_id in boxes.values()):
                return dict(boxes)
        except (ValueError, KeyError, TypeError, AttributeError):
            pass
        raise UsageError(
            f"{self._path} cannot be read",
            code="known-boxes-damaged",
            hint="It holds the keys of boxes that you visited. Repair it; deleting it trusts anew",
        )

    def _write(self, boxes: dict[str, str]) -> None:
        text = json.dumps({"version": 1, "boxes": boxes}, indent=2, sort_keys=True) + "\n"
        partial = self._path.with_name(f"{self._path.name}.{os.getpid()}.partial")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._path)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer at a time, so that two visits at once do not lose each other's pin."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(self._path.with_name(f"{self._path.name}.lock"), wait_s=math.inf):
            yield
