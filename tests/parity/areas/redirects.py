"""Redirects: each status by method and mode, each form of Location (Fetch §4.4, RFC 9110 §15.4)."""

from __future__ import annotations

from collections.abc import Iterator

from tests.parity.cases import Case, address, case
from tests.parity.upstream.plays import Echo, redirect, reply

STATUSES = (301, 302, 303, 307, 308)
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "ODD")
MODES = ("follow", "manual", "error")
BODILESS = ("GET", "HEAD", "OPTIONS")


def cases() -> Iterator[Case]:
    for status in STATUSES:
        for method in METHODS:
            body = None if method in BODILESS else "text"
            for mode in MODES:
                id = f"redirects/fetch/{status}-{method}-{mode}"
                init = {"method": method, "redirect": mode}
                yield _to_end(id, "fetch", status, init=init, **({"body": body} if body else {}))
            id = f"redirects/xhr/{status}-{method}"
            yield _to_end(id, "xhr", status, method=method, **({"body": body} if body else {}))
        yield _to_end(f"redirects/frame/{status}", "frame", status)
        for body in ("blob", "form", "bigblob", "stream", "params"):
            id = f"redirects/body/{status}-{body}"
            yield _to_end(id, "fetch", status, init={"method": "POST"}, body=body, brief=True)
        for tag, kind in (("script", "text/javascript"), ("img", "image/svg+xml"), ("iframe", "text/html")):
            id = f"redirects/element/{status}-{tag}"
            to = redirect(status, address(id, "/@end"))
            yield case(id, "element", to, also={"/@end": reply(body=ELEMENTS[tag], kind=kind)}, tag=tag)
    for name, location in LOCATIONS.items():
        id = f"redirects/location/{name}"
        to = location.replace("@", address(id, "/@"))
        also = {"/@end": reply(200, [("X-End", "1")], "arrived")}
        yield case(id, "fetch", redirect(302, to), rest="?q=1#f", also=also, sees=("lines",))
        if name in ENDLESS:
            continue
        yield case(
            id.replace("/location/", "/location-frame/"), "frame",
            redirect(302, location.replace("@", address(id.replace("/location/", "/location-frame/"), "/@"))),
            rest="?q=1#f", also=also, sees=("lines",), wait=1200,
        )  # fmt: skip
    for length in (1, 5, 19, 20, 21):
        id = f"redirects/chain/{length}"
        steps = [redirect(302, address(id, f"?step={number}")) for number in range(length)]
        yield case(id, "fetch", *steps, reply(body="end of the chain"), sees=("count",))
        yield case(f"redirects/chain-xhr/{length}", "xhr",
                   *(redirect(302, address(f"redirects/chain-xhr/{length}", f"?s={n}")) for n in range(length)),
                   reply(body="end of the chain"), sees=("count",))  # fmt: skip
    for name, fields in HOPS.items():
        id = f"redirects/hop/{name}"
        also = {"/@end": (Echo.HOP,)}
        yield case(id, "fetch", redirect(302, address(id, "/@end"), fields), also=also, sees=("fields",))
    for fields in ([("Authorization", "Bearer x")], [("X-Own", "1")], [("Content-Type", "x/y")]):
        for status in STATUSES:
            id = f"redirects/keeps/{status}-{fields[0][0].lower()}"
            yield _to_end(id, "fetch", status, init={"method": "POST"}, headers=fields, body="text", brief=True)


def _to_end(id: str, act: str, status: int, **args: object) -> Case:
    also = {"/@end": reply(200, [("X-End", "1")], "arrived")}
    return case(id, act, redirect(status, address(id, "/@end")), also=also, sees=("lines", "body"), **args)


ELEMENTS = {
    "script": "window.ran = 1",
    "img": '<svg xmlns="http://www.w3.org/2000/svg" width="5" height="7"/>',
    "iframe": "<p>frame",
}

# "@" is the case's own address.
# These lead to themselves: how far a frame has come after a while is the machine's affair.
ENDLESS = ("empty", "only-query", "only-fragment", "colon")

LOCATIONS = {
    "path": "@end", "absolute": "http://{{HOST}}@end", "scheme-relative": "//{{HOST}}@end",
    "query": "@end?a=b&c", "fragment": "@end#other", "empty-fragment": "@end#", "only-query": "?again",
    "only-fragment": "#x", "empty": "", "dots": "@x/../end", "more-dots": "@a/b/../.././end",
    "backslash": "@end\\", "space": "@end?a b", "utf8": "@end?\xc3\xbc=\xe5\x86\x99", "latin": "@end?\xfc",
    "utf8-path": "@end/\xc3\xbc\xe5\x86\x99/", "encoded": "@end/%C3%BC%2F%25", "lower": "@end/%c3%bc",
    "bad-percent": "@end/%zz%", "quote": "@end?\"'<>`{}|^", "brackets": "@end?[x]", "tab": "@end?a\tb",
    "spaces-round": "  @end  ", "colon": "@end:80", "javascript": "javascript:alert(1)",
    "data": "data:text/plain,x", "blob": "blob:x", "about": "about:blank", "file": "file:///etc/passwd",
    "ftp": "ftp://localhost/", "mailto": "mailto:a@b", "no-port": "http://localhost:1/", "bad": "http://",
    "bad-port": "http://localhost:99999999/", "bad-host": "http://a b/", "user": "http://u:p@{{HOST}}/x",
    "upper-scheme": "HTTP://{{HOST}}@end", "other": "{{OTHER}}/p/none", "https": "https://localhost:1/x",
    "only-slash": "/", "long": "@end?" + "x" * 3000,
}  # fmt: skip

HOPS = {
    "cookie": [("Set-Cookie", "hop=1; Path=/p; Max-Age=2")],
    "policy": [("Referrer-Policy", "no-referrer")],
    "origin-policy": [("Referrer-Policy", "origin")],
    "cache": [("Cache-Control", "max-age=60")],
    "refresh": [("Refresh", "0; url=/nowhere")],
}
