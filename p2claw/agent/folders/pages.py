"""The pages of ours that a folder shows: what all have in common, and the page of an error."""

from __future__ import annotations

import hashlib
from functools import cache
from html import escape
from importlib.resources import files

from aiohttp import web

# What every response of a folder has. Nobody is to guess that a text is a script.
COMMON = {"Server": "p2claw", "X-Content-Type-Options": "nosniff"}

# Names of files are the only foreign text in these pages, and none of them may become a script.
_POLICY = (
    "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'self';"
    " script-src 'self'; base-uri 'none'; form-action 'none'"
)
_HTML = "text/html; charset=utf-8"

_KINDS = {
    "icon.svg": "image/svg+xml",
    "style.css": "text/css; charset=utf-8",
    "upload.js": "text/javascript; charset=utf-8",
    "viewer.js": "text/javascript; charset=utf-8",
}

MOST_UNPACKED_BYTES = 2_048


@cache
def asset(name: str) -> tuple[bytes, str]:
    """A file that these pages use, and its media type. Raises KeyError."""
    kind = _KINDS[name]
    return (files("p2claw.agent.folders") / "page" / name).read_bytes(), kind


@cache
def asset_url(name: str) -> str:
    """The URL of an asset. It changes with the content, so that a browser may keep it for ever."""
    content, _ = asset(name)
    return f"/.p2claw/{name}?v={hashlib.sha256(content).hexdigest()[:12]}"


def document(title: str, body: str) -> str:
    """A page. title: text. body: HTML."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<link rel="icon" href="{asset_url("icon.svg")}">
<link rel="stylesheet" href="{asset_url("style.css")}">
</head>
<body>
{body}
</body>
</html>
"""


def page_response(request: web.BaseRequest, page: str, *, asks: bool = False) -> web.Response:
    """A page, or 304 if the visitor has it as it is. asks: its scripts make requests."""
    content = page.encode()
    etag = f'W/"{hashlib.sha256(content).hexdigest()[:24]}"'
    fields = {
        **COMMON,
        "ETag": etag,
        "Cache-Control": "no-cache",
        "Content-Security-Policy": _POLICY + ("; connect-src 'self'" if asks else ""),
    }
    known = request.headers.get("If-None-Match", "")
    if etag in known:
        return web.Response(status=304, headers=fields)
    response = web.Response(body=content, headers={**fields, "Content-Type": _HTML})
    if len(content) > MOST_UNPACKED_BYTES:
        response.enable_compression()
    return response


def notice_page(status: int, text: str) -> web.Response:
    """The page of an error: one sentence for the person who asked."""
    body = f"""<main class="notice">
<h1>{status}</h1>
<p>{escape(text)}.</p>
<p><a href="/">Back to the start</a></p>
</main>"""
    fields = {
        **COMMON,
        "Cache-Control": "no-store",
        "Content-Security-Policy": _POLICY,
        "Content-Type": _HTML,
    }
    return web.Response(status=status, body=document(text, body).encode(), headers=fields)
