"""Differences that are right: what a visitor through p2claw sees otherwise by design, and why.

A row whose observations are all equal is out of date, and fails the run.
"""

from __future__ import annotations

from dataclasses import dataclass

BOTH = ("chromium", "firefox")


@dataclass(frozen=True, slots=True)
class Expected:
    """pattern: of observations' ids, with `*` (fnmatch)."""

    pattern: str
    reason: str
    browsers: tuple[str, ...] = BOTH


EXPECTED = (
    Expected("*:seen.field.x-forwarded-for", "the box tells the app who visits"),
    Expected("*:seen.field.x-forwarded-host", "the box tells the app by which name it is visited"),
    Expected(
        "*:seen.field.x-forwarded-proto", "the box tells the app by which scheme it is visited"
    ),
    Expected(
        "requests/order/*:seen.order",
        "the order of fields of different names means nothing, nor does case (RFC 9110 §5.3)",
    ),
    Expected(
        "*:seen.field.connection",
        "connections between box and app are the box's own (RFC 9110 §7.6.1)",
    ),
    Expected(
        "*:seen.field.accept-encoding",
        "the browser does not decode what a Service Worker hands it, so only such codings are asked"
        " for as the Service Worker can decode",
    ),
)
