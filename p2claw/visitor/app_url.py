"""Parses the URL of an app: the app, the box, the edge to connect to, and the key that it names."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, urlsplit

from p2claw.errors import UsageError
from p2claw.names import parse_label, public_key_of

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class AppUrl:
    """A parsed URL of an app.

    host: as it goes into the Host field. dial: host, port and whether TLS of who responds for it.
    peer_id: of `#k=`, or None. target: path and query, what a request asks for.
    """

    host: str
    hostname: str
    alias: str
    app: str | None
    target: str
    peer_id: str | None
    dial_host: str
    dial_port: int
    dial_tls: bool

    @property
    def visit_url(self) -> str:
        """Where the introduction is asked for (docs/WIRE.md §12)."""
        host = f"[{self.dial_host}]" if ":" in self.dial_host else self.dial_host
        app = f"&app={self.app}" if self.app is not None else ""
        return (
            f"{'wss' if self.dial_tls else 'ws'}://{host}:{self.dial_port}"
            f"/__p2claw/v1/visit?v=2&alias={self.alias}{app}"
        )


def parse_app_url(url: str, *, edge: str | None = None, key: str | None = None) -> AppUrl:
    """Parse the URL of an app.

    edge: `http(s)://host[:port]` to connect to instead of the URL's host. key: a peer id that the
    box must have, as `#k=` in the URL does. Raises UsageError `url-invalid`, `host-invalid`,
    `edge-invalid` or `peer-id-invalid`.
    """
    parts = _split(url, "url-invalid", "an app's URL, for example https://dog-purplecrab.example")
    hostname = parts.hostname or ""
    if _is_number(hostname):
        raise UsageError(
            f"{hostname} is an address and names no app",
            code="host-invalid",
            hint="Open the app's own URL, and name the edge with --edge",
        )
    label = parse_label(hostname.partition(".")[0])
    asked = key or next(iter(parse_qs(parts.fragment).get("k", [])), None)
    if asked is not None:
        public_key_of(asked)
    dialled = parts
    if edge is not None:
        dialled = _split(edge, "edge-invalid", "where an edge listens, as http://127.0.0.1:8787")
    return AppUrl(
        host=parts.netloc.lower(),
        hostname=hostname,
        alias=label.alias,
        app=label.app,
        target=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        peer_id=asked,
        dial_host=dialled.hostname or "",
        dial_port=dialled.port or _PORTS[dialled.scheme],
        dial_tls=dialled.scheme == "https",
    )


def _is_number(hostname: str) -> bool:
    try:
        ipaddress.ip_address(hostname)
    except ValueError:
        return False
    return True


def _split(url: str, code: str, expected: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _PORTS and parts.port != 0 and "@" not in parts.netloc
        # As a resolver does it: an empty label, or one of 64 letters, is no name (UnicodeError).
        usable = usable and bool((parts.hostname or "").encode("idna"))
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(f"{url!r} is not {expected}", code=code, hint="Check it for typing errors")
    return parts
