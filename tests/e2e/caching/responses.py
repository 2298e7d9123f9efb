"""What the response says besides freshness: Vary, 304, redirects, errors, staleness."""

from __future__ import annotations

from typing import Any

from tests.e2e.caching.case import Case, Fields, Outcome, case

FRESH = [("Cache-Control", "max-age=3600")]
STALE = [("Cache-Control", "max-age=0"), ("ETag", '"a"')]


def _vary(
    vary: str, first: dict[str, str], then: dict[str, str], outcome: Outcome, fresh: Fields = FRESH
) -> Case:
    name = f"Vary: {vary} between {first} and {then}"
    return case(
        name, outcome, [*fresh, ("Vary", vary)], first={"headers": first}, then={"headers": then}
    )


def _update(name: str, before: str, after: str, seen: str) -> Case:
    """A 304 says `name` anew; what a third request, served from the cache, shows of it."""
    fields = [("Cache-Control", "no-cache"), ("ETag", '"a"'), (name, before)]
    shows = {"fields": {name.lower(): seen}, "body": "body 1"}
    news = [("Cache-Control", "max-age=3600")]
    response: dict[str, Any] = {"status": 304, "fields": [*news, ("ETag", '"a"'), (name, after)]}
    return case(
        f"a 304 with {name}", "reuse", fields, between=[{}], responses=[response], shows=shows
    )


def _stale(
    name: str,
    control: str,
    outcome: Outcome,
    response: dict[str, Any],
    age: int = 10,
    shows: Any = None,
) -> Case:
    fields = [("Cache-Control", control), ("Age", str(age))]
    return case(name, outcome, fields, responses=[response], then={"settle_ms": 250}, shows=shows)


A, B = {"X-A": "1"}, {"X-A": "2"}
BOTH = {"X-A": "1", "X-B": "1"}

CASES: list[Case] = [
    _vary("X-A", A, A, "reuse"),
    _vary("X-A", A, B, "ask"),
    _vary("X-A", {}, A, "ask"),
    _vary("X-A", A, {}, "ask"),
    _vary("X-A", {}, {}, "reuse"),
    _vary("x-a", A, A, "reuse"),
    _vary("x-a", A, B, "ask"),
    _vary("X-B", A, B, "reuse"),
    _vary("X-A, X-B", BOTH, BOTH, "reuse"),
    _vary("X-A, X-B", BOTH, A, "ask"),
    _vary("X-B,X-A", BOTH, {**BOTH, "X-B": "2"}, "ask"),
    _vary("*", A, A, "ask"),
    _vary("X-A, *", A, A, "ask"),
    _vary("*, X-A", A, A, "ask"),
    _vary("Accept-Encoding", {}, {}, "reuse"),
    _vary("User-Agent", {}, {}, "reuse"),
    _vary("Cookie", {}, {}, "reuse"),
    _vary("Accept", {"Accept": "a/b"}, {"Accept": "a/b"}, "reuse"),
    _vary("Accept", {"Accept": "a/b"}, {"Accept": "b/c"}, "ask"),
    _vary("Accept-Language", {"Accept-Language": "de"}, {"Accept-Language": "de"}, "reuse"),
    _vary("Accept-Language", {"Accept-Language": "de"}, {"Accept-Language": "en"}, "ask"),
    _vary("Authorization", {"Authorization": "a"}, {"Authorization": "b"}, "ask"),
    _vary("Origin", {}, {}, "reuse"),
    _vary("", A, B, "reuse"),
    case(
        "two fields of Vary",
        "ask",
        [*FRESH, ("Vary", "X-A"), ("Vary", "X-B")],
        first={"headers": BOTH},
        then={"headers": {**BOTH, "X-B": "2"}},
    ),
    case(
        "both variants are kept",
        "reuse",
        [*FRESH, ("Vary", "X-A")],
        first={"headers": A},
        between=[{"headers": B}, {"headers": A}],
        then={"headers": B},
        shows={"body": "body 2"},
    ),
    _update("X-Crab", "old", "new", "new"),
    _update("Content-Language", "de", "en", "en"),
    _update("Content-Type", "text/a", "text/b", "text/a"),
    _update("Link", "<a>", "<b>", "<b>"),
    _update("Content-Location", "/a", "/b", "/a"),
    _update("Content-MD5", "YQ==", "Yg==", "YQ=="),
    case(
        "a 304 makes it fresh",
        "reuse",
        STALE,
        between=[{}],
        responses=[{"status": 304, "fields": [*FRESH, ("ETag", '"a"')]}],
        shows={"status": 200, "body": "body 1"},
    ),
    case(
        "a 304 shows as 200 with the body",
        "validate",
        STALE,
        shows={"status": 200, "body": "body 1"},
    ),
    case(
        "a new body replaces the old one",
        "reuse",
        STALE,
        between=[{}],
        responses=[{"fields": [*FRESH, ("ETag", '"b"')]}],
        shows={"body": "body 2"},
    ),
    case(
        "a new no-store leaves nothing",
        "ask",
        STALE,
        between=[{}],
        responses=[{"fields": [("Cache-Control", "no-store")]}],
    ),
    case(
        "weak tags are sent back",
        "validate",
        [("Cache-Control", "max-age=0"), ("ETag", 'W/"a"')],
        shows={"status": 200, "body": "body 1"},
    ),
    case(
        "a tag without quotes is sent back",
        "validate",
        [("Cache-Control", "max-age=0"), ("ETag", "a")],
    ),
    case(
        "both validators",
        "validate",
        [*STALE, ("Last-Modified", "@-50")],
        shows={"status": 200, "body": "body 1"},
    ),
    _stale(
        "stale-while-revalidate in time",
        "max-age=1, stale-while-revalidate=60",
        "refresh",
        {"fields": FRESH},
        shows={"body": "body 1"},
    ),
    _stale(
        "stale-while-revalidate too late",
        "max-age=1, stale-while-revalidate=5",
        "ask",
        {"fields": FRESH},
    ),
    _stale(
        "stale-while-revalidate of must-revalidate",
        "max-age=1, must-revalidate, stale-while-revalidate=60",
        "ask",
        {"fields": FRESH},
    ),
    _stale(
        "stale-while-revalidate of no-cache",
        "no-cache, stale-while-revalidate=60",
        "ask",
        {"fields": FRESH},
    ),
    case(
        "what was refreshed is used",
        "reuse",
        [("Cache-Control", "max-age=1, stale-while-revalidate=60"), ("Age", "10")],
        between=[{"settle_ms": 400}],
        responses=[{"fields": FRESH}],
        shows={"body": "body 2"},
    ),
    *(
        _stale(
            f"stale-if-error and {status}",
            "max-age=1, stale-if-error=60",
            "ask",
            {"status": status, "fields": []},
            shows={"status": status},
        )
        for status in (404, 500, 502, 503, 504)
    ),
    _stale(
        "503 without stale-if-error",
        "max-age=1",
        "ask",
        {"status": 503, "fields": []},
        shows={"status": 503},
    ),
    *(
        case(
            f"{status} to a fresh place",
            outcome,
            [("Location", "/log/nobody"), *fields],
            status=status,
        )
        for status in (301, 308, 302, 307)
        for fields, outcome in ((FRESH, "reuse"),)
    ),
    *(
        case(f"{status} for good", "reuse", [("Location", "/log/nobody")], status=status)
        for status in (301, 308)
    ),
    *(
        case(f"{status} for now", "ask", [("Location", "/log/nobody")], status=status)
        for status in (302, 307, 303)
    ),
    *(
        case(
            f"{status} with no-store",
            "ask",
            [("Location", "/log/nobody"), ("Cache-Control", "no-store")],
            status=status,
        )
        for status in (301, 308)
    ),
]
