"""Whether and when a fetch is tried again (`--retry`)."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from p2claw.errors import LinkError, P2clawError, RefusedError, StreamResetError

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 30.0
# An app that wants to be left alone for longer is asked later, by whoever runs this.
LONGEST_ASKED_S = 300.0

_STATUSES = frozenset((408, 429, 500, 502, 503, 504))
_REFUSALS = frozenset(("box-offline", "box-silent", "box-busy", "rate-limited"))
_FOR_GOOD = frozenset(("wrong-key", "max-time", "response-changed"))
REPEATABLE = frozenset(("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PROPFIND"))


def is_passing(error: P2clawError) -> bool:
    """Whether it may be over by the next time."""
    if isinstance(error, RefusedError):
        return error.code in _REFUSALS
    return isinstance(error, LinkError | StreamResetError) and error.code not in _FOR_GOOD


def is_passing_status(status: int) -> bool:
    """The same of a response."""
    return status in _STATUSES


def wait_s(tries: int, retry_after: str | None = None, *, now: datetime | None = None) -> float:
    """How long to wait after so many tries. retry_after: what the response asks for."""
    asked = _asked_s(retry_after, now or datetime.now(UTC))
    longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(tries - 1, 10))
    return max(asked, longest * random.uniform(0.5, 1.0))


def _asked_s(text: str | None, now: datetime) -> float:
    """RFC 9110 §10.2.3: seconds, or a date."""
    if text is None:
        return 0.0
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_ASKED_S)
    try:
        left_s = (parsedate_to_datetime(text) - now).total_seconds()
    except (TypeError, ValueError):
        return 0.0
    return min(max(left_s, 0.0), LONGEST_ASKED_S)
