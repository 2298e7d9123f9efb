"""Fields of responses, octet by octet and name by name (RFC 9110 §5, RFC 9112 §5, Fetch §2.2.2)."""

from __future__ import annotations

from collections.abc import Iterator

from tests.parity.cases import Case, case
from tests.parity.upstream.plays import End, Play, bodiless, head, reply

TOKEN_MARKS = "!#$%&'*+-.^_`|~"


def raw(fields: bytes, body: bytes = b"ok") -> Play:
    """A response whose fields are these bytes."""
    assert not bodiless(200)
    return (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n" % (len(body), fields) + body,)


def cases() -> Iterator[Case]:
    for octet in range(256):
        value = b"X-V: a" + bytes((octet,)) + b"b\r\n"
        yield case(f"fields/octet/{octet:02x}", "field", raw(value), name="x-v")
    for octet in (0x09, 0x20, 0x80, 0xA0, 0xE9, 0xFF):
        for place, value in (("first", b"%cab"), ("last", b"ab%c"), ("only", b"%c")):
            line = b"X-V: " + value % octet + b"\r\n"
            yield case(f"fields/edge/{place}-{octet:02x}", "field", raw(line), name="x-v")
    for mark in TOKEN_MARKS:
        line = f"X{mark}N: yes\r\n".encode()
        yield case(f"fields/name/{ord(mark):02x}", "fetch", raw(line))
    for name, lines in LINES.items():
        yield case(f"fields/lines/{name}", "fetch", raw(lines))
        yield case(f"fields/lines-xhr/{name}", "xhr", raw(lines))
    for name, value in KNOWN.items():
        key = name.lower()
        yield case(f"fields/known/{key}", "fetch", reply(200, [(name, value)], "ok"))
        yield case(f"fields/known-xhr/{key}", "xhr", reply(200, [(name, value)], "ok"))
    for count in (50, 150, 250):
        many = [(f"X-N{number}", str(number)) for number in range(count)]
        yield case(f"fields/many/{count}", "fetch", reply(200, many, "ok"))
    for size in (1_000, 8_000, 16_000, 40_000, 70_000, 200_000):
        yield case(f"fields/long/{size}", "fetch", reply(200, [("X-Long", "v" * size)], "ok"))
    for name, text in TYPES.items():
        yield case(f"fields/type/{name}", "fetch", reply(200, body="{}", kind=text), read="blob")
        yield case(f"fields/type-xhr/{name}", "xhr", reply(200, body="<a/>", kind=text), type="")
    for name, start in STARTS.items():
        yield case(f"fields/start/{name}", "fetch", (start + b"\r\nContent-Length: 2\r\n\r\nok", End.CLOSE))
    for length in ("0", "1", "2", "3", "+2", " 2 ", "2, 2", "2, 3", "-1", "2x", "", "002"):
        start = head(200, [("Content-Length", length), ("Connection", "close")])
        yield case(f"fields/length/{length.encode().hex() or 'none'}", "fetch", (start + b"ok", End.CLOSE), limit_s=3)


LINES = {
    "two-values": b"X-V: a\r\nX-V: b\r\n",
    "two-spellings": b"x-v: a\r\nX-V: b\r\n",
    "apart": b"X-V: a\r\nX-Between: 1\r\nX-V: b\r\n",
    "empty": b"X-V:\r\n",
    "empty-then-value": b"X-V:\r\nX-V: b\r\n",
    "spaces": b"X-V:   a  b   \r\n",
    "tabs": b"X-V:\ta\tb\t\r\n",
    "no-space": b"X-V:a\r\n",
    "commas": b"X-V: a,b, c ,\r\n",
    "quotes": b'X-V: "a, b", c\r\n',
    "folded": b"X-V: a\r\n b\r\n",
    "space-before-colon": b"X-V : a\r\n",
    "no-colon": b"X-V a\r\n",
    "no-name": b": a\r\n",
    "bare-lf": b"X-V: a\nX-W: b\r\n",
    "two-links": b"Link: </a>; rel=next\r\nLink: </b>; rel=prev\r\n",
    "two-types": b"Content-Type: text/plain\r\nContent-Type: text/html\r\n",
    "vary": b"Vary: Accept\r\nVary: Cookie\r\n",
    "set-cookie": b"Set-Cookie: hidden=1; Max-Age=1\r\nSet-Cookie2: hidden=2\r\n",
    "order": b"Zebra: 1\r\nApple: 2\r\nMango: 3\r\napple: 4\r\n",
}

KNOWN = {
    "Accept-Ranges": "bytes", "Age": "5", "Allow": "GET, POST", "Alt-Svc": 'h3=":1"',
    "Cache-Control": "no-store", "Clear-Site-Data": '"clientHints"', "Content-Disposition": "inline",
    "Content-Language": "de", "Content-Location": "/elsewhere", "Content-MD5": "x", "Content-DPR": "2",
    "Content-Security-Policy": "default-src *", "Critical-CH": "DPR", "Accept-CH": "DPR",
    "Cross-Origin-Resource-Policy": "same-origin", "Date": "Thu, 01 Jan 2026 00:00:00 GMT",
    "ETag": '"e"', "Expires": "0", "Keep-Alive": "timeout=5", "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT",
    "Link": "</x>; rel=canonical", "NEL": "{}", "Origin-Agent-Cluster": "?1", "P3P": "x", "Pragma": "no-cache",
    "Priority": "u=1", "Proxy-Authenticate": "Basic", "Proxy-Connection": "keep-alive",
    "Public-Key-Pins": "x", "Referrer-Policy": "no-referrer", "Refresh": "99999", "Report-To": "{}",
    "Reporting-Endpoints": 'a="/r"', "Retry-After": "5", "Server": "own/1.0", "Server-Timing": 'db;dur=5;desc="x"',
    "Service-Worker-Allowed": "/", "SourceMap": "/m", "Strict-Transport-Security": "max-age=1",
    "TE": "trailers", "Timing-Allow-Origin": "*", "Tk": "N", "Trailer": "X-T", "Upgrade": "h2c",
    "Vary": "*", "Via": "1.1 x", "Warning": '199 - "w"', "WWW-Authenticate": 'Basic realm="x"',
    "X-Content-Type-Options": "nosniff", "X-DNS-Prefetch-Control": "off", "X-Frame-Options": "DENY",
    "X-Powered-By": "own", "X-XSS-Protection": "0", "X-P2claw-Error": "own", "X-P2claw-Anything": "own",
    "X-Forwarded-For": "own", "X-Accel-Buffering": "no", "X-Robots-Tag": "none", "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "X-A", "Access-Control-Max-Age": "5", "Permissions-Policy": "camera=()",
    "No-Vary-Search": "params", "Speculation-Rules": '"/x"', "Set-Login": "logged-in", "Sec-Own": "1",
    "Proxy-Own": "1", "Host": "own", "Cookie": "own=1", "Origin": "own", "Authorization": "own", "Status": "500 x",
}  # fmt: skip

TYPES = {
    "none": None, "empty": "", "plain": "text/plain", "case": "TEXT/Plain; CharSet=UTF-8",
    "quoted": 'text/plain; charset="utf-8"', "params": "text/plain;a=b; c=d", "spaces": "text/plain ;  a=b",
    "json": "application/json", "problem": "application/problem+json", "xml": "application/xml",
    "svg": "image/svg+xml", "xhtml": "application/xhtml+xml", "html": "text/html", "bad": "text",
    "two": "text/plain, text/html", "star": "*/*", "slash": "a/b/c", "latin": "text/plain; x=\xe9",
    "octets": "application/octet-stream", "event": "text/event-stream", "js": "text/javascript",
}  # fmt: skip

STARTS = {
    "no-reason": b"HTTP/1.1 200", "lower": b"http/1.1 200 OK", "two-spaces": b"HTTP/1.1  200  OK",
    "four-digits": b"HTTP/1.1 2000 OK", "no-status": b"HTTP/1.1", "garbage": b"GARBAGE",
    "letters": b"HTTP/1.1 abc OK", "icy": b"ICY 200 OK", "blank-first": b"\r\nHTTP/1.1 200 OK",
    "status-0": b"HTTP/1.1 0 Zero", "status-99": b"HTTP/1.1 99 Low", "status-600": b"HTTP/1.1 600 High",
    "status-999": b"HTTP/1.1 999 Highest",
}  # fmt: skip
