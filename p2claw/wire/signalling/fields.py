"""Reads the fields of a decoded signalling map one by one, and refuses what breaks the rules.

It knows types and sizes; `signalling_agent` and `signalling_visit` know which message has which.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from p2claw.errors import RemoteProtocolError

MESSAGE_BYTES = 65_536
SDP_BYTES = 16_384
CANDIDATE_BYTES = 1_024
CANDIDATES = 64
MID_BYTES = 64
SOFTWARE_BYTES = 64
AUDIENCE_BYTES = 300  # a DNS name, 253, a colon and a port, with room for an address in brackets
APPS = 256
APP_BYTES = 128  # more than the grammar allows: the answer names the ones refused
REASON_BYTES = 1_024
ICE_SERVERS = 16
ICE_URLS = 16
ICE_TEXT_BYTES = 512
INTEGER_MAX = 2**53 - 1  # what a JavaScript number holds exactly

NONCE_BYTES = 32
PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64

_SESSION = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CODE = re.compile(r"[a-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True)
class Unknown:
    """A message of a type that this version does not know. It is ignored (docs/WIRE.md §11)."""

    t: str


class Fields:
    """One decoded map. Every reader raises RemoteProtocolError where its field breaks the rules."""

    __slots__ = ("_map",)

    def __init__(self, decoded: Mapping[str, Any]) -> None:
        self._map = decoded

    def has(self, key: str) -> bool:
        """Whether the key is there with a value other than nil."""
        return self._map.get(key) is not None

    def text(self, key: str, most_bytes: int, *, absent: str | None = None) -> str:
        """A string of at most so many bytes of UTF-8; `absent` stands in for a missing one."""
        value = self._map.get(key, absent)
        if not isinstance(value, str):
            self._refuse(key, "is not text")
        return checked_text(key, value, most_bytes)

    def session(self) -> str:
        """The id of a signalling session, ASCII: it is signed, with its length in one byte."""
        return self._matching("session", _SESSION)

    def code(self) -> str:
        """An error code: lower case, digits and hyphens."""
        return self._matching("code", _CODE)

    def integer(self, key: str, *, least: int = 0, most: int = INTEGER_MAX) -> int:
        """A whole number. True and 1.0 are none."""
        value = self._map.get(key)
        if type(value) is not int or not least <= value <= most:
            self._refuse(key, f"is not a whole number from {least} to {most}")
        return value

    def binary(self, key: str, size: int) -> bytes:
        """Exactly so many bytes."""
        value = self._map.get(key)
        if not isinstance(value, bytes) or len(value) != size:
            self._refuse(key, f"is not {size} bytes")
        return value

    def texts(self, key: str, most: int, most_bytes: int) -> tuple[str, ...]:
        """A list of at most so many strings."""
        return tuple(
            checked_text(key, value, most_bytes)
            if isinstance(value, str)
            else self._refuse(key, "holds something that is not text")
            for value in self._list(key, most)
        )

    def maps(self, key: str, most: int) -> Iterator[Fields]:
        """A list of at most so many maps."""
        for value in self._list(key, most):
            if not isinstance(value, dict):
                self._refuse(key, "holds something that is not a map")
            yield Fields(value)

    def text_map(self, key: str, most: int, key_bytes: int, value_bytes: int) -> dict[str, str]:
        """A map from string to string."""
        value = self._map.get(key)
        if not isinstance(value, dict) or len(value) > most:
            self._refuse(key, f"is not a map of at most {most}")
        pairs: dict[str, str] = {}
        for name, text in value.items():
            if not isinstance(name, str) or not isinstance(text, str):
                self._refuse(key, "holds something that is not text")
            pairs[checked_text(key, name, key_bytes)] = checked_text(key, text, value_bytes)
        return pairs

    def _list(self, key: str, most: int) -> list[Any]:
        value = self._map.get(key)
        if not isinstance(value, list) or len(value) > most:
            self._refuse(key, f"is not a list of at most {most}")
        return value

    def _matching(self, key: str, pattern: re.Pattern[str]) -> str:
        value = self._map.get(key)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            self._refuse(key, f"does not match {pattern.pattern}")
        return value

    @staticmethod
    def _refuse(key: str, why: str) -> NoReturn:
        raise RemoteProtocolError(f"signalling: `{key}` {why}")


def checked_text(key: str, value: str, most_bytes: int) -> str:
    """Return value, or raise RemoteProtocolError where it is too long or no UTF-8 can hold it."""
    try:
        size = len(value.encode())
    except UnicodeEncodeError:  # a lone surrogate, which JSON can spell
        raise RemoteProtocolError(f"signalling: `{key}` is not Unicode text") from None
    if size > most_bytes:
        raise RemoteProtocolError(f"signalling: `{key}` is longer than {most_bytes} bytes")
    return value
