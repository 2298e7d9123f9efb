"""Whether a file is sent, and which of its bytes: RFC 9110 §13 and §14. Nothing here does IO."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from itertools import pairwise

# More ranges than this in one request, or overlapping ones, are a way to make a server work
# (RFC 9110 §14.2): the whole file is the response to them.
MOST_RANGES = 16

_RANGE = re.compile(r"(\d{0,18})-(\d{0,18})")
_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')


class UnsatisfiableError(Exception):
    """None of the bytes that are asked for exists."""


@dataclass(frozen=True, slots=True)
class Version:
    """One state of a file, known by its tag. etag: as in the field. modified_s: Unix
    time."""

    etag: str
    modified_s: int

    @property
    def modified(self) -> str:
        return formatdate(self.modified_s, usegmt=True)


def precondition(fields: Mapping[str, str], version: Version) -> int | None:
    """304 or 412 if a condition of the request asks for it, in the order of RFC 9110 §13.2.2."""
    if (match := fields.get("If-Match")) is not None:
        if not _lists(match, version.etag, weakly=False):
            return 412
    elif (date := _date(fields.get("If-Unmodified-Since"))) is not None and (
        version.modified_s > date
    ):
        return 412
    if (match := fields.get("If-None-Match")) is not None:
        return 304 if _lists(match, version.etag, weakly=True) else None
    date = _date(fields.get("If-Modified-Since"))
    return 304 if date is not None and version.modified_s <= date else None


def ranges(fields: Mapping[str, str], version: Version, size: int) -> list[range]:
    """The ranges of bytes that are asked for and exist; none: the whole file is asked for.

    Raises UnsatisfiableError.
    """
    unit, _, listed = fields.get("Range", "").partition("=")
    if unit.strip().lower() != "bytes" or not _is_same(fields.get("If-Range"), version):
        return []
    parts = [part.strip() for part in listed.split(",") if part.strip()]
    found = [_range(part, size) for part in parts]
    if not found or len(found) > MOST_RANGES or None in found:
        return []
    spans = [span for span in found if span]
    if not spans:
        raise UnsatisfiableError
    ordered = sorted(spans, key=lambda span: span.start)
    if any(one.stop > other.start for one, other in pairwise(ordered)):
        return []
    return spans


def _range(part: str, size: int) -> range | None:
    """One range, empty if nothing of it exists; None if it is none."""
    match = _RANGE.fullmatch(part)
    if match is None or part == "-":
        return None
    first, last = match.groups()
    if not first:
        return range(max(size - int(last), 0), size)
    if last and int(last) < int(first):
        return None
    return range(int(first), min(int(last) + 1, size) if last else size)


def _is_same(if_range: str | None, version: Version) -> bool:
    """Whether a range is sent: If-Range names the state of the file that the visitor has a part of
    (RFC 9110 §13.1.5)."""
    if if_range is None:
        return True
    if '"' in if_range:
        return if_range.strip() == version.etag and not version.etag.startswith("W/")
    return _date(if_range) == version.modified_s


def _lists(field: str, etag: str, *, weakly: bool) -> bool:
    if field.strip() == "*":
        return True
    tags = _TAG.findall(field)
    if not weakly:
        return etag in tags and not etag.startswith("W/")
    return etag.removeprefix("W/") in {tag.removeprefix("W/") for tag in tags}


def _date(text: str | None) -> int | None:
    try:
        return None if text is None else int(parsedate_to_datetime(text).timestamp())
    except (ValueError, OverflowError):
        return None
