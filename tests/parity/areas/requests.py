"""Requests as the upstream sees them: targets, methods, fields, bodies (Fetch §4.6, URL §4)."""

from __future__ import annotations

from collections.abc import Iterator

from tests.parity.cases import Case, address, case, slug
from tests.parity.upstream.plays import Echo, reply

OK = reply(body="ok")


def cases() -> Iterator[Case]:
    for octet in range(0x20, 0x7F):
        mark = chr(octet)
        yield case(f"requests/query/{octet:02x}", "fetch", OK, rest=f"?a{mark}b", sees=("lines",), brief=True)
        yield case(f"requests/path/{octet:02x}", "fetch", OK, rest=f"/@/a{mark}b", sees=("lines",), brief=True)
    yield case("requests/order/fetch", "fetch", OK, sees=("order",), brief=True)
    yield case("requests/order/xhr", "xhr", OK, sees=("order",), brief=True)
    for name, rest in TARGETS.items():
        yield case(f"requests/target/{name}", "fetch", OK, rest=rest, sees=("lines",))
        yield case(f"requests/target-xhr/{name}", "xhr", OK, rest=rest, sees=("lines",), brief=True)
        yield case(f"requests/target-frame/{name}", "frame", reply(body="<p>x", kind="text/html"), rest=rest, sees=("lines",))
    for method in METHODS:
        init = {"method": method}
        yield case(f"requests/method/{slug(method)}", "fetch", OK, init=init, sees=("lines", "fields"), brief=True)
        yield case(f"requests/method-xhr/{slug(method)}", "xhr", OK, method=method, sees=("lines", "fields"), brief=True)
    for octet in range(256):
        headers = [["X-V", f"a{chr(octet)}b"]]
        yield case(f"requests/octet/{octet:02x}", "fetch", OK, headers=headers, sees=("fields",), brief=True)
    for octet in (0x20, 0x21, 0x22, 0x28, 0x3A, 0x40, 0x5F, 0x7E, 0x80):
        headers = [[f"X{chr(octet)}N", "yes"]]
        yield case(f"requests/name/{octet:02x}", "fetch", OK, headers=headers, sees=("fields",), brief=True)
    for name, value in SET.items():
        id = name.lower()
        yield case(f"requests/set/{id}", "fetch", OK, headers=[[name, value]], sees=("fields",), brief=True)
        yield case(f"requests/set-xhr/{id}", "xhr", OK, headers=[[name, value]], sees=("fields",), brief=True)
    for name, headers in LISTS.items():
        yield case(f"requests/list/{name}", "fetch", OK, headers=headers, sees=("fields",), brief=True)
        yield case(f"requests/list-xhr/{name}", "xhr", OK, headers=headers, sees=("fields",), brief=True)
    for body in BODIES:
        for method in ("POST", "PUT", "PATCH", "DELETE", "GET"):
            more = {"sees": ("lines", "fields", "body"), "body": body}
            id = f"requests/body/{method}-{body}"
            yield case(id, "fetch", OK, init={"method": method}, brief=True, **more)
            if method in ("POST", "PUT", "GET"):
                yield case(f"requests/body-xhr/{method}-{body}", "xhr", OK, method=method, upload=True, **more)
        yield case(f"requests/object/{body}", "request", (Echo.BODY,), init={"method": "POST"}, body=body, sees=("fields", "body"))
        for kind in ("text/x-own", "multipart/form-data; boundary=own"):
            yield case(f"requests/typed/{body}-{kind[:4]}", "fetch", OK, init={"method": "POST"}, body=body,
                       headers=[["Content-Type", kind]], sees=("fields", "body"), brief=True)  # fmt: skip
    for key, values in INIT.items():
        for value in values:
            id = f"requests/init/{key}-{slug(str(value))}"
            yield case(id, "fetch", OK, init={key: value}, sees=("lines", "fields"))
    for policy in POLICIES:
        id = f"requests/referrer/{policy or 'none'}"
        yield case(id, "fetch", OK, init={"referrerPolicy": policy}, sees=("fields",), brief=True)
        for name, referrer in (("empty", ""), ("own", address(id, "/@own?x#y")), ("client", "about:client")):
            yield case(f"{id}-{name}", "fetch", OK, init={"referrerPolicy": policy, "referrer": referrer},
                       sees=("fields",), brief=True)  # fmt: skip
    for tag, (attribute, attributes, kind, body) in ELEMENTS.items():
        yield case(f"requests/element/{tag}", "element", reply(body=body, kind=kind), tag=tag.partition("-")[0],
                   attribute=attribute, attributes=attributes, sees=("lines", "fields"))  # fmt: skip


METHODS = ("GET", "get", "HEAD", "POST", "post", "PUT", "put", "DELETE", "OPTIONS", "options", "PATCH", "patch")
METHODS += ("PROPFIND", "MKCOL", "REPORT", "QUERY", "LOCK", "chicken", "M-SEARCH", "TRACE", "CONNECT", "TRACK")
METHODS += ("A B", "", "A\xe9", "!#$%&'*+-.^_`|~9")

TARGETS = {
    "plain": "", "slash": "/@/", "slashes": "/@//a//b", "empty-query": "?", "question": "?a?b", "fragment": "?a#b",
    "empty-fragment": "#", "umlaut": "/@/ü?ü=ü", "han": "/@/写真?写真", "crab": "/@/🦀?🦀", "surrogate": "?\ud800",
    "encoded": "/@/%C3%BC%2f%2F?%c3%bc", "percent": "/@/100%?50%", "bad-percent": "/@/%zz?%zz", "dots": "/@/a/../b/./c",
    "encoded-dots": "/@/a/%2e%2e/b/%2e/c", "semicolon": "/@/a;b=c?d;e", "plus": "/@/a+b?c+d", "at": "/@/a@b?c@d",
    "backslash": "/@\\a\\b", "spaces": "/@/a b?c d", "newline": "/@/a\nb?c\td", "null": "?a\0b", "long": "?" + "q" * 7000,
    "longer": "?" + "q" * 15000, "longest": "?" + "q" * 30000, "amp": "?a&&b=&=c&d==", "unicode-host-like": "/@/http://x/",
    "colon": "/@/a:b", "tilde": "/@/~a", "pipe": "/@/a|b?c|d", "caret": "/@/a^b?c^d", "quote": "/@/a\"b?c\"d'e",
}  # fmt: skip

SET = dict.fromkeys(("Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Access-Control-Request-Headers", "Access-Control-Request-Method", "Authorization", "Cache-Control", "Connection", "Content-Encoding", "Content-Language", "Content-Length", "Content-Location", "Cookie", "Cookie2", "Date", "DNT", "Expect", "Forwarded", "Host", "HTTP2-Settings", "If-Match", "If-Modified-Since", "If-None-Match", "If-Range", "Keep-Alive", "Last-Event-ID", "Link", "Max-Forwards", "Origin", "Permissions-Policy", "Pragma", "Prefer", "Priority", "Proxy-Authorization", "Proxy-Own", "Purpose", "Range", "Referer", "Save-Data", "Sec-CH-UA", "Sec-Fetch-Mode", "Sec-Own", "Set-Cookie", "SOAPAction", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Upgrade-Insecure-Requests", "User-Agent", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "X-HTTP-Method-Override", "X-Method-Override", "X-P2claw-Request", "X-P2claw-Own", "X-Requested-With", "X_Under", "Destination", "Depth", "Overwrite", "Lock-Token", "Timeout", "If"), "own")  # fmt: skip
SET |= {"Range": "bytes=0-1", "Content-Type": "text/x-own", "If-Modified-Since": "Thu, 01 Jan 2026 00:00:00 GMT"}

LISTS = {
    "twice": [["X-V", "a"], ["X-V", "b"]], "spellings": [["x-v", "a"], ["X-V", "b"]],
    "order": [["Zebra", "1"], ["Apple", "2"], ["Mango", "3"]], "empty": [["X-V", ""]], "spaces": [["X-V", "  a  b  "]],
    "tabs": [["X-V", "\ta\tb\t"]], "long": [["X-V", "v" * 6000]], "many": [[f"X-{n}", "v"] for n in range(60)],
    "comma": [["X-V", "a, b,"]], "crlf": [["X-V", "a\r\nb"]], "two-types": [["Content-Type", "a/b"], ["Content-Type", "c/d"]],
    "unicode": [["X-V", "写"]], "accept-language": [["Accept-Language", "de"]], "if-none-match": [["If-None-Match", '"e"']],
}  # fmt: skip

BODIES = ("text", "params", "form", "buffer", "view", "dataview", "blob", "typed", "file", "empty", "emptyblob")
BODIES += ("emptyform", "null", "number", "object", "big100k", "big1m", "bigblob", "bigform", "stream")

INIT = {
    "cache": ("default", "no-store", "reload", "no-cache", "force-cache", "only-if-cached", "bad"),
    "credentials": ("omit", "same-origin", "include", "bad"),
    "mode": ("cors", "no-cors", "same-origin", "navigate", "websocket", "bad"),
    "redirect": ("follow", "error", "manual", "bad"),
    "keepalive": (True, False),
    "priority": ("high", "low", "auto", "bad"),
    "integrity": ("", "sha256-x", "sha256-J+2JkeuUSBuJ9Lzv7Tg5p5mB6DcJG6jlq4IwyfQgSXA=", "md5-x"),
    "window": (None, "bad"),
    "method": ("GET", "HEAD"),
}

POLICIES = ("", "no-referrer", "no-referrer-when-downgrade", "same-origin", "origin", "strict-origin")
POLICIES += ("origin-when-cross-origin", "strict-origin-when-cross-origin", "unsafe-url")

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="5" height="7"/>'
# By tag (and a name): attribute, more attributes, the type and the body of the response.
ELEMENTS = {
    "script": ("src", {}, "text/javascript", "1"),
    "script-module": ("src", {"type": "module"}, "text/javascript", "1"),
    "script-async": ("src", {"async": ""}, "text/javascript", "1"),
    "script-defer": ("src", {"defer": ""}, "text/javascript", "1"),
    "script-anonymous": ("src", {"crossorigin": "anonymous"}, "text/javascript", "1"),
    "script-credentials": ("src", {"crossorigin": "use-credentials"}, "text/javascript", "1"),
    "script-integrity": ("src", {"integrity": "sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s="}, "text/javascript", "1"),
    "script-bad-integrity": ("src", {"integrity": "sha256-b4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s="}, "text/javascript", "1"),
    "script-html": ("src", {}, "text/html", "1"),
    "script-nosniff": ("src", {"type": "text/javascript"}, "image/png", "1"),
    "img": ("src", {}, "image/svg+xml", SVG),
    "img-srcset": ("srcset", {}, "image/svg+xml", SVG),
    "img-lazy": ("src", {"loading": "lazy"}, "image/svg+xml", SVG),
    "img-anonymous": ("src", {"crossorigin": "anonymous"}, "image/svg+xml", SVG),
    "img-no-referrer": ("src", {"referrerpolicy": "no-referrer"}, "image/svg+xml", SVG),
    "img-high": ("src", {"fetchpriority": "high"}, "image/svg+xml", SVG),
    "img-bad": ("src", {}, "image/png", "not a picture"),
    "link-style": ("href", {"rel": "stylesheet"}, "text/css", "p{}"),
    "link-alternate": ("href", {"rel": "alternate stylesheet", "title": "x"}, "text/css", "p{}"),
    "link-print": ("href", {"rel": "stylesheet", "media": "print"}, "text/css", "p{}"),
    "link-style-html": ("href", {"rel": "stylesheet"}, "text/html", "p{}"),
    "link-preload-script": ("href", {"rel": "preload", "as": "script"}, "text/javascript", "1"),
    "link-preload-style": ("href", {"rel": "preload", "as": "style"}, "text/css", "p{}"),
    "link-preload-image": ("href", {"rel": "preload", "as": "image"}, "image/svg+xml", SVG),
    "link-preload-font": ("href", {"rel": "preload", "as": "font", "crossorigin": ""}, "font/woff2", "x"),
    "link-preload-fetch": ("href", {"rel": "preload", "as": "fetch", "crossorigin": ""}, "application/json", "{}"),
    "link-preload-fetch-plain": ("href", {"rel": "preload", "as": "fetch"}, "application/json", "{}"),
    "link-modulepreload": ("href", {"rel": "modulepreload"}, "text/javascript", "1"),
    "link-prefetch": ("href", {"rel": "prefetch"}, "text/html", "<p>x"),
    "iframe": ("src", {}, "text/html", "<p>x"),
    "iframe-no-referrer": ("src", {"referrerpolicy": "no-referrer"}, "text/html", "<p>x"),
    "object-svg": ("data", {"type": "image/svg+xml"}, "image/svg+xml", SVG),
    "object-html": ("data", {"type": "text/html"}, "text/html", "<p>x"),
    "object-untyped": ("data", {}, "text/html", "<p>x"),
    "embed": ("src", {"type": "image/svg+xml"}, "image/svg+xml", SVG),
    "video": ("src", {}, "video/mp4", "not a film"),
    "audio": ("src", {}, "audio/mpeg", "not a tune"),
    "input-image": ("src", {"type": "image"}, "image/svg+xml", SVG),
}
