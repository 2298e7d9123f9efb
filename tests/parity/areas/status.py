"""Every status, by every way of asking (RFC 9110 §15, Fetch §2.2.6, XHR §3.6)."""

from __future__ import annotations

from collections.abc import Iterator

from tests.parity.cases import Case, case
from tests.parity.upstream.plays import phrase, reply

DOCUMENTS = (200, 201, 202, 203, 206, 300, 400, 401, 402, 403, 404, 405, 406, 409, 410, 412, 418)
DOCUMENTS += (421, 422, 425, 429, 431, 451, 499, 500, 501, 502, 503, 504, 505, 511, 520, 599)
REDIRECTS = (301, 302, 303, 307, 308)


def cases() -> Iterator[Case]:
    for status in range(200, 600):
        if status in (401, 407):
            continue  # the browser's own prompt is in the area `auth`
        play = reply(status, [("X-Is", str(status))], f"body of {status}")
        yield case(f"status/fetch/{status}", "fetch", play, brief=True)
        yield case(f"status/xhr/{status}", "xhr", play, brief=True)
    for status in DOCUMENTS:
        if status in (401, 407):
            continue
        page = f"<!doctype html><title>T{status}</title><p>page of {status}"
        yield case(f"status/document/{status}", "frame", reply(status, body=page, kind="text/html"))
        yield case(f"status/empty/{status}", "frame", reply(status, kind="text/html"))
    for status in (204, 205, 304):
        yield case(f"status/document/{status}", "frame", reply(status, kind="text/html"), wait=900)
    for status in REDIRECTS:
        yield case(f"status/unlocated/{status}", "fetch", reply(status, body="no Location"))
        yield case(f"status/unlocated-frame/{status}", "frame", reply(status, body="no Location"), wait=900)
    for name, reason in REASONS.items():
        yield case(f"status/reason/fetch-{name}", "fetch", reply(200, body="x", reason=reason), brief=True)
        yield case(f"status/reason/xhr-{name}", "xhr", reply(404, body="x", reason=reason), brief=True)
    for status in (100, 101, 102, 103):
        first = f"HTTP/1.1 {status} {phrase(status)}\r\nX-Early: 1\r\n\r\n".encode()
        yield case(f"status/interim/{status}", "fetch", (first, *reply(200, body="then")))
    for version in ("1.0", "1.1", "1.2", "2.0", "0.9"):
        line = f"HTTP/{version} 200 OK\r\nContent-Length: 2\r\n\r\nok".encode()
        yield case(f"status/version/{version}", "fetch", (line,))


REASONS = {
    "empty": "",
    "spaces": "  two  words  ",
    "long": "R" * 500,
    "latin": "caf\xe9",
    "utf8": "caf\xc3\xa9",
    "punctuation": "it's; a \"reason\", <b>",
    "tab": "a\tb",
    "digits": "200",
}
