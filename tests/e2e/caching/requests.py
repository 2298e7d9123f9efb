"""What a request asks of the cache: Fetch's modes, its own fields, ranges, other methods."""

from __future__ import annotations

from typing import Any

from tests.e2e.caching.case import Case, Outcome, case

FRESH = [("Cache-Control", "max-age=3600")]
TAG = ("ETag", '"a"')
CHANGED = ("Last-Modified", "@0")
KINDS = {
    "fresh": FRESH,
    "fresh and tagged": [*FRESH, TAG],
    "stale": [("Cache-Control", "max-age=0")],
    "stale and tagged": [("Cache-Control", "max-age=0"), TAG],
    "stale and dated": [("Cache-Control", "max-age=0"), CHANGED],
    "no-cache and tagged": [("Cache-Control", "no-cache"), TAG],
    "no-store": [("Cache-Control", "no-store"), TAG],
    "bare": [],
}
MODES: dict[str, dict[str, Outcome]] = {
    "default": {
        "fresh": "reuse",
        "fresh and tagged": "reuse",
        "stale": "ask",
        "stale and tagged": "validate",
        "stale and dated": "validate",
        "no-cache and tagged": "validate",
        "no-store": "ask",
        "bare": "ask",
    },
    "no-store": dict.fromkeys(KINDS, "ask"),
    "reload": dict.fromkeys(KINDS, "ask"),
    "no-cache": {
        "fresh": "ask",
        "fresh and tagged": "validate",
        "stale": "ask",
        "stale and tagged": "validate",
        "stale and dated": "validate",
        "no-cache and tagged": "validate",
        "no-store": "ask",
        "bare": "ask",
    },
    "force-cache": {**dict.fromkeys(KINDS, "reuse"), "no-store": "ask"},
    "only-if-cached": {**dict.fromkeys(KINDS, "reuse"), "no-store": "error"},
}


def _mode(mode: str, kind: str, outcome: Outcome) -> Case:
    then: dict[str, Any] = {"cache": mode}
    if mode == "only-if-cached":
        then["mode"] = "same-origin"
    return case(f"{mode} of {kind}", outcome, KINDS[kind], then=then)


def _asks(field: str, value: str, kind: str, outcome: Outcome) -> Case:
    return case(
        f"{field}: {value} of {kind}", outcome, KINDS[kind], then={"headers": {field: value}}
    )


def _range(value: str, body: str, part: str, *fields: tuple[str, str]) -> Case:
    shows = {"status": 206, "body": part}
    return case(
        f"{value} of a whole",
        "reuse",
        [*FRESH, *fields],
        then={"headers": {"Range": value}},
        body=body,
        shows=shows,
    )


def _after(method: str, outcome: Outcome, status: int = 200) -> Case:
    between = [{"method": method}]
    return case(
        f"{method} with {status}, then GET",
        outcome,
        FRESH,
        between=between,
        responses=[{"status": status, "fields": FRESH}],
    )


CASES: list[Case] = [
    *(
        _mode(mode, kind, outcome)
        for mode, outcomes in MODES.items()
        for kind, outcome in outcomes.items()
    ),
    *(
        case(f"default after {mode}", outcome, FRESH, first={"cache": mode})
        for mode, outcome in (
            ("no-store", "ask"),
            ("reload", "reuse"),
            ("no-cache", "reuse"),
            ("force-cache", "reuse"),
        )
    ),
    case(
        "only-if-cached of nothing",
        "error",
        FRESH,
        first={"cache": "no-store"},
        then={"cache": "only-if-cached", "mode": "same-origin"},
    ),
    case(
        "reload replaces what was kept",
        "reuse",
        FRESH,
        between=[{"cache": "reload"}],
        shows={"body": "body 2"},
    ),
    case(
        "no-store leaves what was kept",
        "reuse",
        FRESH,
        between=[{"cache": "no-store"}],
        shows={"body": "body 1"},
    ),
    *(
        _asks("Cache-Control", value, "fresh and tagged", outcome)
        for value, outcome in (
            ("max-age=0", "validate"),
            ("max-age=3600", "reuse"),
            ("foo", "reuse"),
        )
    ),
    _asks("If-None-Match", '"a"', "fresh and tagged", "validate"),
    _asks("If-None-Match", '"b"', "fresh and tagged", "validate"),
    _asks("If-Modified-Since", "Thu, 18 Aug 1994 02:01:18 GMT", "fresh", "validate"),
    _asks("If-Match", '"a"', "fresh", "ask"),
    _asks("If-Unmodified-Since", "Thu, 18 Aug 2050 02:01:18 GMT", "fresh", "ask"),
    case(
        "a page's own 304 reaches it",
        "validate",
        [*FRESH, TAG],
        then={"headers": {"If-None-Match": '"a"'}},
        shows={"status": 304, "body": ""},
    ),
    case(
        "a page's own 304 is not kept",
        "reuse",
        [*FRESH, TAG],
        between=[{"headers": {"If-None-Match": '"a"'}}],
        shows={"status": 200, "body": "body 1"},
    ),
    case(
        "Authorization is no bar to a private cache",
        "reuse",
        FRESH,
        first={"headers": {"Authorization": "Bearer a"}},
        then={"headers": {"Authorization": "Bearer a"}},
    ),
    _range("bytes=0-3", "0123456789", "0123"),
    _range("bytes=4-", "0123456789", "456789"),
    _range("bytes=-3", "0123456789", "789"),
    _range("bytes=2-2", "0123456789", "2"),
    _range("bytes=8-100", "0123456789", "89"),
    _range("bytes=0-3", "0123456789", "0123", ("ETag", '"a"')),
    case(
        "a range past the end is the app's to respond to",
        "ask",
        FRESH,
        then={"headers": {"Range": "bytes=50-"}},
        responses=[{"status": 416, "fields": [("Content-Range", "bytes */6")]}],
        shows={"status": 416},
    ),
    case(
        "a 206 is never kept",
        "ask",
        FRESH,
        first={"headers": {"Range": "bytes=0-3"}},
        responses=[{"fields": FRESH}],
        status=206,
        body="body",
        shows={"status": 200, "body": "body 2"},
    ),
    case(
        "a 206 leaves the whole",
        "reuse",
        FRESH,
        between=[{"headers": {"Range": "bytes=0-1,3-4"}}],
        responses=[
            {"status": 206, "fields": [("Content-Type", "multipart/byteranges; boundary=x")]}
        ],
        shows={"status": 200, "body": "body 1"},
    ),
    case(
        "HEAD of a whole",
        "reuse",
        FRESH,
        then={"method": "HEAD"},
        shows={"status": 200, "body": ""},
    ),
    case("HEAD is not kept for GET", "ask", FRESH, first={"method": "HEAD"}),
    case(
        "HEAD with another tag",
        "ask",
        [*FRESH, TAG],
        between=[{"method": "HEAD", "cache": "no-cache"}],
        responses=[{"fields": [*FRESH, ("ETag", '"b"')]}],
    ),
    *(_after(method, "ask") for method in ("POST", "PUT", "DELETE", "PATCH", "MKCOL")),
    *(_after("POST", "ask", status) for status in (201, 204)),
    *(_after("POST", "reuse", status) for status in (400, 404, 500)),
    _after("OPTIONS", "reuse"),
    case("POST is not kept", "ask", FRESH, first={"method": "POST"}, then={"method": "POST"}),
    case("POST is not kept for GET", "ask", FRESH, first={"method": "POST"}),
    case(
        "two GETs at once, then one",
        "reuse",
        FRESH,
        between=[{"cache": "reload"}, {"cache": "default"}],
    ),
]
