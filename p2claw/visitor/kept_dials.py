"""How boxes are dialled, kept by one visit for the next, in one JSON file of the visitor.

A box signs its descriptor (docs/WIRE.md §16), so the file is not trusted: whoever uses what is in
it verifies it against the key that is pinned.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from p2claw.errors import RemoteProtocolError
from p2claw.visitor.host_cache import HostCache
from p2claw.wire.signalling import DialOffered
from p2claw.wire.signalling.dialling import Descriptor

FILE_NAME = "dials.json"


class KeptDials:
    """The file of descriptors: of each host `[descriptor, signature]`, in base64.

    One whose ticket has expired is not given, and dropped with the next change.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._cache = HostCache(path, "dials", self._is_fresh)

    def get(self, host: str) -> DialOffered | None:
        """How the box of host was dialled, if that is not over."""
        value = self._cache.get(host)
        return None if value is None else _unpack(value)

    def keep(self, host: str, dial: DialOffered) -> None:
        """For the next visit."""
        packed = [base64.b64encode(part).decode() for part in (dial.descriptor, dial.signature)]
        self._cache.put(host, packed)

    def drop(self, host: str, dial: DialOffered) -> None:
        """It is of no use. What another visit has kept meanwhile stays."""
        self._cache.change(
            host, lambda value: None if value is None or _unpack(value) == dial else value
        )

    def _is_fresh(self, value: Any) -> bool:
        try:
            ticket = Descriptor.unpack(_unpack(value).descriptor).ticket
        except RemoteProtocolError:
            return False
        return not ticket.is_expired(self._clock())


def _unpack(value: Any) -> DialOffered:
    """Raises TypeError, ValueError."""
    descriptor, signature = (base64.b64decode(part, validate=True) for part in value)
    return DialOffered(descriptor, signature)
