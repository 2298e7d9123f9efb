"""The HTTP cache as a page meets it: fetch's modes, validators, Vary, ranges (RFC 9111, Fetch §4.6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.parity.cases import Case, case
from tests.parity.upstream.plays import Play, reply

MODES = ("default", "no-store", "reload", "no-cache", "force-cache", "only-if-cached")
SEES = ("count", "conditions")


def turns(fields: list[tuple[str, str]], count: int = 4, status: int = 200) -> list[Play]:
    """Responses that differ from each other."""
    return [reply(status, [*fields, ("X-Turn", str(n))], f"body {n}") for n in range(1, count + 1)]


def cases() -> Iterator[Case]:
    for name, fields in KEPT.items():
        for mode in MODES:
            then: dict[str, Any] = {"cache": mode}
            if mode == "only-if-cached":
                then["mode"] = "same-origin"
            id = f"cache/mode/{name}-{mode}"
            # What is validated in the background has come by then.
            last = {"wait": 300} if name == "while" else {}
            yield case(id, "cached", *turns(fields), steps=[{}, then, last], sees=SEES)
    for name, (fields, second) in VALIDATED.items():
        plays = [*turns(fields, 1), second, *turns(fields, 2)]
        yield case(f"cache/validated/{name}", "cached", *plays, steps=[{}, {"cache": "no-cache"}, {}, {}], sees=SEES)
        yield case(f"cache/own-condition/{name}", "cached", *plays, steps=[{}, {"headers": {"If-None-Match": '"own"'}}, {}], sees=SEES)
    for name, vary in VARIED.items():
        fields = [("Cache-Control", "max-age=60"), ("Vary", vary)]
        a, b = {"headers": {"X-A": "1"}}, {"headers": {"X-A": "2"}}
        yield case(f"cache/vary/{name}", "cached", *turns(fields, 6), steps=[a, a, b, b, a], sees=SEES)
    whole = [reply(200, [("Cache-Control", "max-age=60"), ("ETag", '"e"'), ("Accept-Ranges", "bytes")], "0123456789")]
    part = reply(206, [("Cache-Control", "max-age=60"), ("ETag", '"e"'), ("Content-Range", "bytes 2-4/10")], "234")
    for name, span in {"part": "bytes=2-4", "open": "bytes=2-", "last": "bytes=-3", "beyond": "bytes=20-30", "bad": "bytes=x"}.items():
        steps: list[dict[str, Any]] = [{}, {"headers": {"Range": span}}, {}]
        yield case(f"cache/range/{name}", "cached", *whole, part, *whole, steps=steps, sees=SEES)
    yield case("cache/range/first", "cached", part, *whole, steps=[{"headers": {"Range": "bytes=2-4"}}, {}, {}], sees=SEES)
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"):
        for status in (200, 404):
            plays = [*turns(KEPT["fresh"], 1), *turns([], 1, status), *turns(KEPT["fresh"], 2)]
            yield case(f"cache/unsafe/{method}-{status}", "cached", *plays, steps=[{}, {"method": method}, {}], sees=SEES)
    for status in (200, 203, 204, 300, 301, 302, 307, 308, 404, 405, 410, 414, 451, 500, 501, 503):
        fields = [("Cache-Control", "max-age=60")]
        yield case(f"cache/status/{status}", "cached", *turns(fields, 3, status), steps=[{}, {}, {}], sees=SEES)
    for name, after in {"query": "?a", "fragment": "#a", "other-query": "?b", "empty-query": "?"}.items():
        yield case(f"cache/address/{name}", "cached", *turns(KEPT["fresh"]), steps=[{}, {"after": after}, {}], sees=SEES)
    for name, credentials in {"omit": "omit", "include": "include"}.items():
        yield case(f"cache/credentials/{name}", "cached", *turns(KEPT["fresh"]), steps=[{}, {"credentials": credentials}, {}], sees=SEES)


OLD = "Thu, 01 Jan 2015 00:00:00 GMT"
KEPT: dict[str, list[tuple[str, str]]] = {
    "fresh": [("Cache-Control", "max-age=60")], "none": [], "no-store": [("Cache-Control", "no-store, max-age=60")],
    "no-cache": [("Cache-Control", "no-cache")], "stale": [("Cache-Control", "max-age=0")], "etag": [("ETag", '"e1"')],
    "modified": [("Last-Modified", OLD)], "immutable": [("Cache-Control", "max-age=60, immutable"), ("ETag", '"i"')],
    "expires": [("Expires", "Fri, 01 Jan 2100 00:00:00 GMT")], "expired": [("Expires", OLD)], "private": [("Cache-Control", "private, max-age=60")],
    "s-maxage": [("Cache-Control", "s-maxage=60")], "must": [("Cache-Control", "max-age=0, must-revalidate"), ("ETag", '"m"')],
    "while": [("Cache-Control", "max-age=0, stale-while-revalidate=60"), ("ETag", '"w"')], "age": [("Cache-Control", "max-age=60"), ("Age", "90")],
    "pragma": [("Pragma", "no-cache"), ("Last-Modified", OLD)], "quoted": [("Cache-Control", 'max-age="60"')], "two": [("Cache-Control", "max-age=60"), ("Cache-Control", "no-cache")],
}  # fmt: skip

VALIDATED: dict[str, tuple[list[tuple[str, str]], Play]] = {
    "etag-304": ([("ETag", '"e"')], reply(304, [("ETag", '"e"'), ("X-New", "1")], kind=None)),
    "etag-200": ([("ETag", '"e"')], reply(200, [("ETag", '"f"')], "changed")),
    "weak-304": ([("ETag", 'W/"e"')], reply(304, [("ETag", 'W/"e"')], kind=None)),
    "modified-304": ([("Last-Modified", OLD)], reply(304, [], kind=None)),
    "both-304": ([("ETag", '"e"'), ("Last-Modified", OLD)], reply(304, [("Cache-Control", "max-age=60")], kind=None)),
    "bare-etag": ([("ETag", "bare")], reply(304, [("ETag", "bare")], kind=None)),
    "fails": ([("ETag", '"e"'), ("Cache-Control", "max-age=0")], reply(500, [], "broken")),
    "gone": ([("ETag", '"e"')], reply(404, [], "gone")),
}

VARIED = {"own": "X-A", "star": "*", "other": "X-B", "case": "x-a", "two": "X-B, X-A", "language": "Accept-Language", "cookie": "Cookie"}
