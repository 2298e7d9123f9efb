"""What a Python visitor remembers of hosts for a while, in JSON files beside its pins.

They are caches. One that cannot be read or written costs a visit some round trips, and is no error.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from p2claw.errors import UsageError
from p2claw.locked_file import LockedFile
from p2claw.units import KIB

FILE_BYTES = 256 * KIB

# Of hosts; the one that was written longest ago is forgotten.
MOST = 256


class HostCache:
    """The file: `{"version": 1, "dials": {host: value}}`, mode 0600.

    is_good: whether a value is one, and still of use; what is not is as good as absent, and gone
    with the next change. It may raise TypeError and ValueError.
    """

    def __init__(self, path: Path, noun: str, is_good: Callable[[Any], bool]) -> None:
        self._file = LockedFile(path, noun, FILE_BYTES, "Delete it")
        self._is_good = is_good

    def get(self, host: str) -> Any:
        """The value of a host; None if there is none."""
        return self._read().get(host)

    def put(self, host: str, value: Any) -> None:
        """Remember the value of a host, in place of an earlier one."""
        self.change(host, lambda before: value)

    def change(self, host: str, change: Callable[[Any], Any]) -> None:
        """Replace the value of a host by what change makes of it; None is no value."""
        with contextlib.suppress(UsageError), self._file.changing():
            values = self._read()
            value = change(values.pop(host, None))
            if value is not None:
                values[host] = value
            content = {"version": 1, "dials": dict([*values.items()][-MOST:])}
            self._file.write((json.dumps(content, indent=2) + "\n").encode())

    def _read(self) -> dict[str, Any]:
        with contextlib.suppress(UsageError, KeyError, TypeError, AttributeError):
            content = self._file.read()
            if content is not None:
                values = self._file.parse(content)["dials"]
                return {host: value for host, value in values.items() if self._is_read_good(value)}
        return {}

    def _is_read_good(self, value: Any) -> bool:
        try:
            return self._is_good(value)
        except (TypeError, ValueError):
            return False
