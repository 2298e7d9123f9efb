"""Responses that break RFC 9112, or nearly do, and what Chromium makes of each, as it was measured.

Each was fetched by Chromium from a server of its own that closes afterwards: status, reason, the
field X, body; None is a network error. Firefox differs in a few, and never is the stricter one but
for "a status with letters behind". Left out, because no Service Worker can pass them on: statuses
above 599 or below 200, and what has no status line at all (ICY, HTTP/0.9). Stricter than browsers
the box is with one thing: chunks whose lines end with a bare LF, which llhttp does not read.
"""

from __future__ import annotations

Shown = tuple[int, str, str | None, bytes]

OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = b"Content-Length: 2\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n"

USUAL: Shown = (200, "OK", "a", b"ok")
UNUSUAL: dict[str, Shown | None] = {
    "a folded value": (200, "OK", "a b", b"ok"),
    "a value folded by a tab": (200, "OK", "a b", b"ok"),
    "a value folded twice": (200, "OK", "a b c", b"ok"),
    "a folded first line": (200, "OK", None, b"ok"),
    "two lengths": None,
    "chunks that break off": None,
    "chunks of HTTP/1.0": (200, "OK", "a", b"2\r\nok\r\n0\r\n\r\n"),
    "204 with a body": (204, "No Content", "a", b""),
    "204 with chunks": (204, "N", "a", b""),
    "205 with a body": (205, "R", "a", b""),
    "no reason": (200, "", "a", b"ok"),
    "no reason, a blank": (200, "", "a", b"ok"),
    "HTTP/0.9": None,
    "a line before": None,
    "a control in a value": (200, "OK", "a\x01b", b"ok"),
    "a NUL in a value": None,
    "a body shorter than its length": None,
    "fields that break off": (200, "OK", "a", b""),
    "fields that break off in a name": (200, "OK", "a", b""),
    "a head without its last line": (200, "OK", "a", b""),
}

WIRES: dict[str, bytes] = {
    "a folded value": OK + b"X: a\r\n b\r\n" + LENGTH + b"\r\nok",
    "a value folded by a tab": OK + b"X: a\r\n\tb\r\n" + LENGTH + b"\r\nok",
    "a value folded twice": OK + b"X: a\r\n  b\r\n  c\r\n" + LENGTH + b"\r\nok",
    "a folded first line": OK + b" X: a\r\n" + LENGTH + b"\r\nok",
    "an empty value that is folded": OK + b"X:\r\n a\r\n" + LENGTH + b"\r\nok",
    "bare LF": b"HTTP/1.1 200 OK\nX: a\nContent-Length: 2\n\nok",
    "bare LF at the end only": OK + b"X: a\r\n" + LENGTH + b"\nok",
    "bare LF, CRLF at the end": b"HTTP/1.1 200 OK\nX: a\nContent-Length: 2\n\r\nok",
    "bare CR in a value": OK + b"X: a\rb\r\n" + LENGTH + b"\r\nok",
    "bare CR between fields": b"HTTP/1.1 200 OK\rX: a\r" + LENGTH + b"\r\nok",
    "one length twice": OK + b"X: a\r\n" + LENGTH * 2 + b"\r\nok",
    "one length twice in a line": OK + b"X: a\r\nContent-Length: 2, 2\r\n\r\nok",
    "two lengths": OK + b"X: a\r\n" + LENGTH + b"Content-Length: 3\r\n\r\nokk",
    "a length that is no number": OK + b"X: a\r\nContent-Length: two\r\n\r\nok",
    "a negative length": OK + b"X: a\r\nContent-Length: -2\r\n\r\nok",
    "a length with a plus": OK + b"X: a\r\nContent-Length: +2\r\n\r\nok",
    "a length with behind": OK + b"X: a\r\nContent-Length: 2;q\r\n\r\nok",
    "an empty length": OK + b"X: a\r\nContent-Length:\r\n\r\nok",
    "length and chunks": CHUNKED + b"X: a\r\nContent-Length: 9\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "chunks with extensions": CHUNKED + b"X: a\r\n\r\n2;a=b;c\r\nok\r\n0;z\r\n\r\n",
    "chunks with a quoted extension": CHUNKED + b'X: a\r\n\r\n2;a="b;c"\r\nok\r\n0\r\n\r\n',
    "chunks with blanks": CHUNKED + b"X: a\r\n\r\n2  \r\nok\r\n0 \r\n\r\n",
    "chunks that break off": CHUNKED + b"X: a\r\n\r\n2\r\nok\r\n",
    "chunks in upper case": OK + b"Transfer-Encoding: Chunked\r\nX: a\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "chunks twice": CHUNKED + b"Transfer-Encoding: chunked\r\nX: a\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "chunks of HTTP/1.0": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\nX: a\r\n\r\n"
    b"2\r\nok\r\n0\r\n\r\n",
    "the coding identity": OK + b"Transfer-Encoding: identity\r\nX: a\r\n\r\nok",
    "an unknown coding": OK + b"Transfer-Encoding: sponge\r\nX: a\r\n" + LENGTH + b"\r\nok",
    "gzip and chunks": OK + b"Transfer-Encoding: gzip, chunked\r\nX: a\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "204 with a body": b"HTTP/1.1 204 No Content\r\nX: a\r\nContent-Length: 2\r\n\r\nok",
    "204 with chunks": b"HTTP/1.1 204 N\r\nX: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "205 with a body": b"HTTP/1.1 205 R\r\nX: a\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.0 and no length": b"HTTP/1.0 200 OK\r\nX: a\r\n\r\nok",
    "HTTP/1.0 that keeps": b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nX: a\r\n" + LENGTH
    + b"\r\nok",
    "no reason": b"HTTP/1.1 200\r\nX: a\r\n" + LENGTH + b"\r\nok",
    "no reason, a blank": b"HTTP/1.1 200 \r\nX: a\r\n" + LENGTH + b"\r\nok",
    "two blanks before the status": b"HTTP/1.1  200 OK\r\nX: a\r\n" + LENGTH + b"\r\nok",
    "a version in lower case": b"http/1.1 200 OK\r\nX: a\r\n" + LENGTH + b"\r\nok",
    "HTTP/1.2": b"HTTP/1.2 200 OK\r\nX: a\r\n" + LENGTH + b"\r\nok",
    "HTTP/2.0": b"HTTP/2.0 200 OK\r\nX: a\r\n" + LENGTH + b"\r\nok",
    "HTTP/0.9 with a status line": b"HTTP/0.9 200 OK\r\nX: a\r\n" + LENGTH + b"\r\nok",
    "HTTP/1": b"HTTP/1 200 OK\r\nX: a\r\n" + LENGTH + b"\r\nok",
    "HTTP/0.9": b"just text\r\n",
    "empty lines before": b"\r\n\r\n" + OK + b"X: a\r\n" + LENGTH + b"\r\nok",
    "a line before": b"oops\r\n" + OK + b"X: a\r\n" + LENGTH + b"\r\nok",
    "a status with letters behind": b"HTTP/1.1 200OK\r\nX: a\r\n" + LENGTH + b"\r\nok",
    "a blank before the colon": OK + b"X : a\r\n" + LENGTH + b"\r\nok",
    "a line without a colon": OK + b"oops\r\nX: a\r\n" + LENGTH + b"\r\nok",
    "a line without a name": OK + b": oops\r\nX: a\r\n" + LENGTH + b"\r\nok",
    "a blank in a name": OK + b"o ops: b\r\nX: a\r\n" + LENGTH + b"\r\nok",
    "a bracket in a name": OK + b"o(ps: b\r\nX: a\r\n" + LENGTH + b"\r\nok",
    "a control in a value": OK + b"X: a\x01b\r\n" + LENGTH + b"\r\nok",
    "a NUL in a value": OK + b"X: a\x00b\r\n" + LENGTH + b"\r\nok",
    "octets in a name": OK + b"\xc3\xbc: b\r\nX: a\r\n" + LENGTH + b"\r\nok",
    "a body longer than its length": OK + b"X: a\r\n" + LENGTH + b"\r\nokay",
    "a body shorter than its length": OK + b"X: a\r\nContent-Length: 9\r\n\r\nok",
    "fields that break off": OK + b"X: a\r\n",
    "fields that break off in a name": OK + b"X: a\r\nY",
    "a head without its last line": OK + LENGTH + b"X: a",
    "upgrade unasked": OK + b"Connection: Upgrade\r\nUpgrade: h2c\r\nX: a\r\n" + LENGTH
    + b"\r\nok",
}  # fmt: skip
