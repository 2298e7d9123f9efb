"""URLs in fields: between the name that visitors use and the name that the upstream uses."""

from __future__ import annotations

import re

from p2claw.agent.upstream.address import UpstreamAddress

# scheme, authority, rest; a backslash ends the authority as browsers read it.
_URL = re.compile(r"(?:(https?):)?//([^/?#\\]*)(.*)", re.IGNORECASE | re.DOTALL)
_REFRESH = re.compile(
    r"(\s*[\d.]+\s*[;,]\s*(?:url\s*=\s*)?)(['\"]?)(.*?)(\2\s*)", re.IGNORECASE | re.DOTALL
)

_OCTET = re.compile(r"[\x80-\xff]")

# The pattern looks back over runs of blanks; a real value is far shorter.
REFRESH_CHARS = 2048

# Under these names an app may write its own address, whatever name it was asked by.
LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]", "0.0.0.0")


def host_of(url: str) -> str:
    """Host and port of a URL in lower case, "" if it has none."""
    match = _URL.fullmatch(url)
    return match[2].lower() if match else ""


def after_origin(url: str, scheme: str, hosts: tuple[str, ...]) -> str | None:
    """What follows the origin in a URL of one of hosts; None if it is another's."""
    match = _URL.fullmatch(url)
    if match and (match[1] or "").lower() == scheme and match[2].lower() in hosts:
        return match[3]
    return None


def after_upstream(url: str, upstream: UpstreamAddress) -> str | None:
    """What follows the authority in a URL of the upstream; None if it is another's.

    https counts too: an app that trusts X-Forwarded-Proto writes it before its local name, and
    one that insists on https often leaves out its port.
    """
    match = _URL.fullmatch(url.strip())
    if not match:
        return None
    authority = match[2].lower()
    host, colon, port = authority.rpartition(":")
    if not colon or not port.isdigit():
        host, port = authority, "443" if (match[1] or "").lower() == "https" else "80"
    local = host in (*LOCAL_HOSTS, upstream.host_text)
    secure = (match[1] or "").lower() == "https" and port == "443"
    return match[3] if local and (secure or port == str(upstream.port)) else None


def local_reference(url: str, upstream: UpstreamAddress) -> str:
    """A URL of the upstream as a path, which holds under whichever name the app is visited.

    Any other URL stays as it is.
    """
    rest = after_upstream(url, upstream)
    if rest is None:
        return url
    if not rest.startswith("/"):
        rest = "/" + rest
    # `//other.example` alone would be another host; browsers drop tabs, and read \ as /.
    return f"/.{rest}" if rest[1:].lstrip("\t\r\n")[:1] in ("/", "\\") else rest


def local_refresh(value: str, upstream: UpstreamAddress) -> str:
    """The value of Refresh, `5; url=http://localhost:3000/next`, mapped like a Location."""
    match = _REFRESH.fullmatch(value) if len(value) <= REFRESH_CHARS else None
    if not match:
        return value
    return match[1] + match[2] + local_reference(match[3], upstream) + match[4]


def remote_reference(url: str, scheme: str, hosts: tuple[str, ...], origin: str) -> str:
    """The inverse, for fields of a request: a URL of ours becomes one of the upstream's origin."""
    rest = after_origin(url, scheme, hosts)
    return url if rest is None else origin + rest


def with_escaped_octets(url: str) -> str:
    """A URL whose raw octets are percent-encoded, as browsers do it before they follow it.

    Frameworks put UTF-8 into Location as it is: read as ISO-8859-1 it would be encoded twice.
    """
    return url if url.isascii() else _OCTET.sub(lambda octet: f"%{ord(octet[0]):02X}", url)


def local_cookie(cookie: str, upstream: UpstreamAddress) -> str:
    """The value of Set-Cookie without Domain, where that names the upstream itself.

    If there are several, the last one counts. Any other Domain stays, and the visitor refuses the
    cookie: another host is not this one, and the parent of all apps is a public suffix
    (RFC 6265bis §5.7).
    """
    if cookie_domain(cookie) not in (*LOCAL_HOSTS, upstream.host):
        return cookie
    pair, *attributes = cookie.split(";")
    return ";".join([pair, *(part for part in attributes if _domain_in(part) is None)])


def cookie_domain(cookie: str) -> str:
    """The Domain of a Set-Cookie in lower case and without its dot, "" if it has none."""
    domains = [_domain_in(part) for part in cookie.split(";")[1:]]
    return next((domain for domain in reversed(domains) if domain is not None), "")


def _domain_in(attribute: str) -> str | None:
    name, _, value = attribute.partition("=")
    return value.strip().lower().removeprefix(".") if name.strip().lower() == "domain" else None
