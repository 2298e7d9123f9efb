"""Addresses of apps on this machine: how they are written, and which may be dialled.

    3000                     http://localhost:3000
    http://localhost:3000    http://127.0.0.1:3000    http://[::1]:3000
    https://localhost:8443   of which one certificate is known (`tls.py`)
    unix:/run/app.sock
    folder:/srv/photos       which the agent serves itself (`agent/folders`)

Loopback and unix sockets only: an agent must never be a way into the network around the box.
"""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from p2claw.errors import UsageError

# sun_path of sockaddr_un: 108 on Linux, 104 on macOS, with the NUL at the end.
UNIX_PATH_BYTES = 103

_EXAMPLES = "Give a port (3000), http://localhost:3000, or unix:/path/to.sock"
_SCHEMES = {"http": 80, "https": 443}

# RFC 6761 §6.3: localhost is loopback, so no resolver is asked. IPv4 first, as most servers bind.
_LOCALHOST = ("127.0.0.1", "::1")

Writable = Literal["", "add", "replace"]


@dataclass(frozen=True, slots=True)
class UpstreamAddress:
    """One upstream: TCP host and port, or a unix socket if `path` is set, or a `folder`.

    secure: TLS. certificate: the SHA-256 of the only one that it may show, in hexadecimal. spa: one
    page of the folder serves every path that is no file. writable: visitors may add files to it, or
    replace some as well.
    """

    host: str
    port: int
    path: str = ""
    secure: bool = False
    certificate: str = ""
    folder: str = ""
    spa: bool = False
    writable: Writable = ""

    @property
    def text(self) -> str:
        """The form that is stored and shown; `parse_upstream` reads it back."""
        if self.folder:
            return f"folder:{self.folder}"
        return f"unix:{self.path}" if self.path else self.origin

    @property
    def host_text(self) -> str:
        """The host as it stands in a URL."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def authority(self) -> str:
        """The value of Host that the upstream expects."""
        default = self.port == _SCHEMES[self.scheme]
        return self.host_text if default else f"{self.host_text}:{self.port}"

    @property
    def scheme(self) -> str:
        return "https" if self.secure else "http"

    @property
    def origin(self) -> str:
        """The origin of the upstream as it sees itself; without TCP `http://localhost`."""
        return f"{self.scheme}://{self.authority}"

    def dial_hosts(self) -> tuple[str, ...]:
        """IP addresses to try in order; empty for a unix socket and for a folder.

        Raises UsageError `upstream-not-loopback`: checked again here, because this is what is
        dialled, whatever was parsed before.
        """
        if self.path or self.folder:
            return ()
        hosts = _LOCALHOST if self.host == "localhost" else (self.host,)
        for host in hosts:
            if not _is_loopback(host):
                raise _not_loopback(host)
        return hosts


def parse_upstream(text: str) -> UpstreamAddress:
    """Read an upstream as a person writes it, or as it is in routes.json.

    Raises UsageError `upstream-invalid`, `upstream-port`, `upstream-scheme`, `upstream-path` or
    `upstream-not-loopback`.
    """
    if text.startswith("folder:"):
        return _parse_folder(text)
    text = text.strip()
    if text.startswith("unix:"):
        return _parse_unix(text)
    if text.isascii() and text.isdigit():
        return UpstreamAddress("localhost", _port(text, int(text[:6])))
    if not text.isascii() or not text.isprintable() or any(mark in text for mark in " \\@"):
        raise _invalid(text)
    scheme, colons, rest = text.partition("://")
    scheme = scheme.lower() if colons else "http"
    if scheme not in _SCHEMES:
        raise UsageError(
            f"{scheme}:// is not spoken to an upstream",
            code="upstream-scheme",
            hint="Give http://, or https:// for a server that speaks nothing else",
        )
    try:
        parts = urlsplit(f"{scheme}://{rest if colons else text}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _invalid(text) from None
    if not host or parts.netloc.endswith(":"):
        raise _invalid(text)
    if parts.path not in ("", "/") or "?" in text or "#" in text:
        raise UsageError(
            f"{text!r} names more than a server",
            code="upstream-path",
            hint=f"An app is a whole server: {scheme}://{parts.netloc}",
        )
    if host != "localhost" and not _is_loopback(host):
        raise _not_loopback(host)
    number = _port(text, _SCHEMES[scheme] if port is None else port)
    return UpstreamAddress(host, number, secure=scheme == "https")


def _parse_unix(text: str) -> UpstreamAddress:
    path = text.removeprefix("unix:")
    if path.startswith("//"):
        path = "/" + path.lstrip("/")
    if not path.startswith("/") or "\0" in path or path.endswith("/"):
        raise UsageError(
            f"{text!r} is not the path of a socket",
            code="upstream-path",
            hint="Give it from the root, for example unix:/run/app.sock",
        )
    if len(os.fsencode(path)) > UNIX_PATH_BYTES:
        raise UsageError(
            f"The path of a socket has at most {UNIX_PATH_BYTES} bytes", code="upstream-path"
        )
    return UpstreamAddress("localhost", 80, path)


def _parse_folder(text: str) -> UpstreamAddress:
    path = text.removeprefix("folder:")
    is_whole = path.startswith("/") and "\0" not in path and os.path.normpath(path) == path
    if not is_whole or any("\ud800" <= letter <= "\udfff" for letter in path):
        raise UsageError(
            f"{text!r} is not the path of a folder",
            code="upstream-path",
            hint="Give it from the root, without `..` and in UTF-8, for example folder:/srv/photos",
        )
    return UpstreamAddress("localhost", 80, folder=path)


def _port(text: str, port: int) -> int:
    if not 0 < port <= 65_535:
        raise UsageError(
            f"{text!r} has no port from 1 to 65535", code="upstream-port", hint=_EXAMPLES
        )
    return port


def _is_loopback(host: str) -> bool:
    """Whether host is an address in 127.0.0.0/8, or ::1; no name is, nor a mapped address."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        return address == ipaddress.IPv6Address("::1")
    return address.is_loopback


def _not_loopback(host: str) -> UsageError:
    return UsageError(
        f"{host} is not this machine",
        code="upstream-not-loopback",
        hint="An agent forwards only to localhost, 127.0.0.1, [::1] or a unix socket",
    )


def _invalid(text: str) -> UsageError:
    return UsageError(f"{text!r} is not an upstream", code="upstream-invalid", hint=_EXAMPLES)
