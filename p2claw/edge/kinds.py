"""Decides which of its few responses the edge gives to a request. Pure.

Only navigations get the bootstrap. Any other request that reaches the edge was meant for an app,
but did not pass through the Service Worker. With HTML in response, a page would mistake that for
the app's own script, image or data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum, auto

PREFIX = "/__p2claw/"
WORKER_PATH = PREFIX + "sw.js"
SHELL_PATH = PREFIX + "shell.html"
SIBLING_PATH = PREFIX + "sibling"
OPAQUE_PATH = PREFIX + "opaque"
RESET_PATH = PREFIX + "reset"
LICENCES_PATH = PREFIX + "licences.txt"
ASSETS_PATH = PREFIX + "assets/"

_HOST = re.compile(r"([a-z0-9_.-]+?)\.?(?::[0-9]{1,5})?", re.IGNORECASE)

# Where a browser shows the response as a page. `object` and `embed` navigate too, but show it
# inside a page of the app, which is not where the shell belongs.
_PAGES = frozenset({"document", "iframe", "frame"})
# A page of the app loads them again over the link. A browser may load one no more that has failed.
_EMBEDDED = frozenset({"object", "embed"})
_READS = frozenset({"GET", "HEAD"})


class Kind(Enum):
    """The responses of the edge."""

    SHELL = auto()  # the bootstrap page: 200
    SIBLING = auto()  # the same page, hidden in that of another app under the parent: 200
    OPAQUE = auto()  # nothing, for a page of another app that may not look at it: 200
    RESET = auto()  # the page that forgets everything a browser has kept of a host: 200
    LICENCES = auto()  # of what others wrote and is in the bootstrap: 200
    WORKER = auto()  # our service worker script: 200
    ASSET = auto()  # a hashed file of the bootstrap: 200, or 404
    METHOD = auto()  # our own files are only read: 405
    FORM = auto()  # a form sent before the app was ever opened: a page that explains it, 405
    FOREIGN_WORKER = auto()  # an app's own service worker, which must not replace ours: 404
    ICON = auto()  # /favicon.ico, asked for by browsers on their own account: 404
    NOT_FOUND = auto()  # below our prefix, or below the bare parent: 404
    EMBEDDED = auto()  # `object` and `embed` of an app's own page: an empty page, 200
    RESOURCE = auto()  # anything else of an app: 503
    LANDING = auto()  # the bare parent itself: 200
    MISDIRECTED = auto()  # a host that is not under the parent: 421


def host_name(host: str) -> str | None:
    """The name in a Host header, lower case, without port and final dot; None if it is none."""
    match = _HOST.fullmatch(host)
    return match[1].lower() if match else None


def kind_of(
    method: str, path: str, headers: Mapping[str, str], *, parent: str, host: str | None
) -> Kind:
    """The kind of response that a request gets.

    headers: case-insensitive. host: as `host_name` gives it.
    """
    if host == parent:
        return Kind.LANDING if path == "/" else Kind.NOT_FOUND
    if host is None or not host.endswith("." + parent):
        return Kind.MISDIRECTED
    if path.startswith(PREFIX):
        return _kind_of_ours(method, path)
    if headers.get("Service-Worker", "").lower() == "script":
        return Kind.FOREIGN_WORKER
    if _is_navigation(headers):
        return Kind.SHELL if method in _READS else Kind.FORM
    if _is_embedded(headers):
        return Kind.EMBEDDED
    return Kind.ICON if path == "/favicon.ico" else Kind.RESOURCE


def _kind_of_ours(method: str, path: str) -> Kind:
    if path == WORKER_PATH:
        kind = Kind.WORKER
    elif path == SHELL_PATH:
        kind = Kind.SHELL
    elif path == SIBLING_PATH:
        kind = Kind.SIBLING
    elif path == OPAQUE_PATH:
        kind = Kind.OPAQUE
    elif path == RESET_PATH:
        kind = Kind.RESET
    elif path == LICENCES_PATH:
        kind = Kind.LICENCES
    elif path.startswith(ASSETS_PATH):
        kind = Kind.ASSET
    else:
        return Kind.NOT_FOUND
    return kind if method in _READS else Kind.METHOD


def _is_navigation(headers: Mapping[str, str]) -> bool:
    if "Range" in headers:
        return False  # the rest of a file that is being saved, whatever its other fields are
    mode, dest = headers.get("Sec-Fetch-Mode"), headers.get("Sec-Fetch-Dest")
    if mode is None and dest is None:
        # An older browser, or one that sends no Sec-Fetch fields over plain HTTP.
        return "text/html" in headers.get("Accept", "").lower()
    return mode == "navigate" and dest in _PAGES


def _is_embedded(headers: Mapping[str, str]) -> bool:
    own = headers.get("Sec-Fetch-Site") == "same-origin"
    return own and headers.get("Sec-Fetch-Dest") in _EMBEDDED
