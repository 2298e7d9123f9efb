"""An app that builds every URL from the Host that it was asked by, as many frameworks do."""

from __future__ import annotations

import json

from tests.e2e.upstreams.canned import Canned, page
from tests.support.upstreams import OK, UpstreamRequest

_PAGE = """<!doctype html><title>Own names</title>
<link rel="stylesheet" href="{own}/static/a.css">
<p id="styled">It calls itself {own}</p>
<img id="picture" src="{own}/picture.svg">
<script src="{own}/static/a.js"></script>
<a id="link" href="{own}/next?by=link">next</a>
<a id="aside" href="{own}/next?by=aside" target="_blank">aside</a>
<form id="form" action="{own}/take" method="post">
<input name="a" value="b"><button>go</button></form>
<iframe id="inner" src="{own}/inner"></iframe>"""

_SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="7" height="5"/>'


def _own(request: UpstreamRequest) -> str:
    return f"http://{request.values('host')[0]}"


def _whole(kind: str, body: bytes, fields: bytes = b"") -> bytes:
    head = f"content-type: {kind}\r\ncontent-length: {len(body)}\r\n".encode()
    return OK + head + fields + b"\r\n" + body


def _items(request: UpstreamRequest) -> bytes:
    """Two pages; the first names the second, in its body and in a field."""
    second = "page=2" in request.target
    following = f"{_own(request)}/api/items?page=2"
    body = {"items": [2] if second else [1], "next": None if second else following}
    link = b"" if second else f'link: <{following}>; rel="next"\r\n'.encode()
    return _whole("application/json", json.dumps(body).encode(), link)


def _home(request: UpstreamRequest) -> bytes:
    html = _PAGE.format(own=_own(request)).encode()
    return page(html, fields=b"content-security-policy: default-src 'self'\r\n")


def _next(request: UpstreamRequest) -> bytes:
    html = f"<!doctype html><title>Next</title><p>Arrived: {request.method} {request.target} "
    return page((html + request.body.decode()).encode())


SELF_NAMING: Canned = {
    "/": _home,
    "/static/a.css": _whole("text/css", b"#styled { color: rgb(1, 2, 3) }"),
    "/static/a.js": _whole("text/javascript", b"window.ran = true;"),
    "/static/w.js": _whole("text/javascript", b"postMessage('a worker ran');"),
    "/picture.svg": _whole("image/svg+xml", _SVG),
    "/api/items": _items,
    "/next": _next,
    "/take": _next,
    "/inner": page(b"<!doctype html><p>inner page"),
}
