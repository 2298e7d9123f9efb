"""What is still to come of a response whose session was lost, and how to ask for it.

Source: RFC 9110 §13.1.5 (If-Range), §14 (Range). Only where the app gives a strong validator: bytes
of two versions are never put together.
"""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import Protocol

from p2claw.wire.frames.heads import Fields, RequestHead, ResponseHead

_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,15})-([0-9]{1,15})/([0-9]{1,15}|\*)")
# RFC 9110 §8.8.2.2: a modification date that is so much older than the response is a strong one.
_STRONG_DATE_S = 1


class Rest:
    """Of one response. came: body bytes that have come of it."""

    def __init__(self, validator: str, first: int, last: int | None, *, partial: bool) -> None:
        self.came = 0
        self._validator = validator
        self._first = first
        self._last = last
        self._partial = partial

    @classmethod
    def of(cls, request: RequestHead, response: ResponseHead) -> Rest | None:
        """None: the rest of it cannot be asked for."""
        fields = dict(response.fields)
        validator = _validator(fields)
        if request.method != "GET" or validator is None or fields.get("accept-ranges") == "none":
            return None
        if response.status == 200:
            length = fields.get("content-length", "")
            last = int(length) - 1 if length.isascii() and length.isdigit() else None
            return cls(validator, 0, last, partial=False)
        range_ = _range(response.status, fields)
        return cls(validator, *range_, partial=True) if range_ is not None else None

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing."""
        return self._last is not None and self._first + self.came > self._last

    def fields(self, fields: Fields) -> Fields:
        """The fields of the request, changed to ask for the rest."""
        kept = tuple(f for f in fields if f[0] not in ("range", "if-range"))
        last = "" if self._last is None else self._last
        range_ = f"bytes={self._first + self.came}-{last}"
        return (*kept, ("range", range_), ("if-range", self._validator))

    def skipped(self, response: ResponseHead) -> int | None:
        """How many bytes of this response have come before; None: it is not the rest."""
        fields = dict(response.fields)
        if _validator(fields) != self._validator:
            return None
        if response.status == 200:
            return None if self._partial else self.came
        range_ = _range(response.status, fields)
        if range_ is None or range_[0] != self._first + self.came:
            return None
        return 0 if self._last is None or range_[1] == self._last else None


class Headed(Protocol):
    """Something with the status and the fields of a response."""

    status: int
    fields: Fields


def validator_of(response: Headed) -> str | None:
    """What names this version of a representation, and no other; None: nothing does."""
    is_one = response.status in (200, 206)
    return _validator(dict(response.fields)) if is_one else None


def content_range(response: Headed) -> tuple[int, int] | None:
    """First and last byte of a response that is a part."""
    return _range(response.status, dict(response.fields))


def total_of(response: Headed) -> int | None:
    """How many bytes the whole has, of which this is all or a part; None: it is not known."""
    fields = dict(response.fields)
    if response.status == 206:
        match = _CONTENT_RANGE.fullmatch(fields.get("content-range", ""))
        return int(match[3]) if match is not None and match[3] != "*" else None
    length = fields.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() else None


def _validator(fields: dict[str, str]) -> str | None:
    etag = fields.get("etag")
    if etag is not None:
        return etag if etag.startswith('"') else None
    modified, date = fields.get("last-modified"), fields.get("date")
    if modified is None or date is None:
        return None
    try:
        age = parsedate_to_datetime(date) - parsedate_to_datetime(modified)
    except (TypeError, ValueError):
        return None
    return modified if age.total_seconds() >= _STRONG_DATE_S else None


def _range(status: int, fields: dict[str, str]) -> tuple[int, int] | None:
    """First and last byte of a 206 with one part."""
    match = _CONTENT_RANGE.fullmatch(fields.get("content-range", ""))
    if status != 206 or match is None:
        return None
    return int(match[1]), int(match[2])
