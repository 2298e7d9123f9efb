"""Addresses in settings: of a coordinator, of a box behind a router, and of a port to listen on."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from p2claw.errors import UsageError
from p2claw.names import is_localhost

DEFAULT_LISTEN = "127.0.0.1:8787"
DEFAULT_COORDINATOR = "http://localhost:8787"

LAST_PORT = 65_535

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_COORDINATOR_PORTS = {"http": 80, "https": 443}
# What may stand between scheme and port: a name, or an address.
_HOST = re.compile(r"[0-9A-Za-z_.:-]+")

_ADDRESS = re.compile(r"(?:\[(?P<v6>[^\]]+)\]|(?P<v4>[0-9.]+)):(?P<port>[0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class PublicAddress:
    """An address of a router or a cloud that leads to the box; the box itself does not have it.

    port 0: the UDP port of the box.
    """

    host: str
    port: int = 0

    @classmethod
    def parse(cls, text: str) -> PublicAddress:
        """Read `198.51.100.7`, `2001:db8::7`, either with a port: `[2001:db8::7]:4100`.

        Raises UsageError `public-address-invalid`.
        """
        match = _ADDRESS.fullmatch(text)
        try:
            if match is None:
                return cls(str(ipaddress.ip_address(text)))
            host = str(ipaddress.ip_address(match["v6"] or match["v4"]))
            port = int(match["port"])
            if not 1 <= port <= LAST_PORT:
                raise ValueError
        except ValueError:
            raise UsageError(
                f"{text!r} is not an address",
                code="public-address-invalid",
                hint="Give an IPv4 or IPv6 address, perhaps with a port: 198.51.100.7:4100",
            ) from None
        return cls(host, port)

    def of_worker(self, number: int) -> PublicAddress:
        """The same for a worker, counted from 0: each has the next port."""
        return PublicAddress(self.host, self.port and self.port + number)


def check_coordinator(url: str) -> str:
    """The address of a coordinator, in the form that is compared and stored: `https://host:444`.

    That is in lower case and IDNA, without a path, and without the port that the scheme implies.

    Raises UsageError `coordinator-invalid`.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        host = host if host.isascii() else host.encode("idna").decode()
    except ValueError:
        raise _no_coordinator(url) from None
    plain = not (parts.query or parts.fragment or "@" in parts.netloc) and parts.path in ("", "/")
    if (
        parts.scheme not in _COORDINATOR_PORTS
        or not _HOST.fullmatch(host)
        or port == 0
        or not plain
    ):
        raise _no_coordinator(url)
    netloc = f"[{host}]" if ":" in host else host
    if port not in (None, _COORDINATOR_PORTS[parts.scheme]):
        netloc += f":{port}"
    return f"{parts.scheme}://{netloc}"


def parse_listen(text: str) -> tuple[str, int]:
    """Parse `host:port`, `[v6]:port` or `:port` (all addresses).

    Raises UsageError `listen-invalid`.
    """
    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    digits = port.isascii() and port.isdigit()
    if not colon or not digits or int(port) > LAST_PORT or (":" in host and not bracketed):
        raise UsageError(
            f"{text!r} is not an address to listen on",
            code="listen-invalid",
            hint=f"Give host and port, for example {DEFAULT_LISTEN}",
        )
    return (host[1:-1] if bracketed else host), int(port)


def _no_coordinator(url: str) -> UsageError:
    """The error, with the address that was probably meant."""
    netloc = (url.partition("://")[2] or url).partition("/")[0].lower()
    local = is_localhost(netloc.partition(":")[0])
    likely = bool(_HOST.fullmatch(netloc)) and (local or "." in netloc)
    example = f"{'http' if local else 'https'}://{netloc}" if likely else DEFAULT_COORDINATOR
    return UsageError(
        f"{url!r} is not the address of a coordinator",
        code="coordinator-invalid",
        hint=f"Give scheme, host and port alone, for example {example}",
    )
