"""Maps URLs of the upstream itself, in the fields of its responses, to URLs that visitors can use.

It also lists the origins that are the upstream's own. A page may name them in its body, which the
box never changes; the Service Worker of the page then sends such requests back over the link.
"""

from __future__ import annotations

import re

from p2claw.agent.http.rewriting import (
    LOCAL_HOSTS,
    after_upstream,
    local_reference,
    local_refresh,
    with_escaped_octets,
)
from p2claw.agent.upstream.address import UpstreamAddress

# The whole value is one URL that the browser, or a script of a well-known library, goes to.
_ONE_URL = frozenset(
    (
        "content-location",
        "hx-location",
        "hx-push-url",
        "hx-redirect",
        "hx-replace-url",
        "sourcemap",
        "turbolinks-location",
        "x-inertia-location",
        "x-sourcemap",
    )
)
_ORIGINS = frozenset(("access-control-allow-origin", "timing-allow-origin"))
_POLICIES = frozenset(("content-security-policy", "content-security-policy-report-only"))

# Fields whose URLs visitors follow, and all whose values may be mapped.
FOLLOWED = _ONE_URL | frozenset(("link", "location"))
MAPPED = FOLLOWED | _ORIGINS | _POLICIES | frozenset(("refresh",))

_LINK_TARGET = re.compile(r"<([^<>]*)>")


def origins_of(upstream: UpstreamAddress) -> tuple[str, ...]:
    """Every origin by which the upstream's pages may mean the upstream; its own comes first."""
    named = dict.fromkeys([upstream.host_text, *LOCAL_HOSTS])
    origins = [upstream.origin]
    for scheme, default in (("http", 80), ("https", 443)):
        # An app that believes that it is encrypted may leave its port out.
        ports = {upstream.port, 443} if scheme == "https" else {upstream.port}
        for host in named:
            origins += [
                f"{scheme}://{host}" + ("" if port == default else f":{port}")
                for port in sorted(ports)
            ]
    return tuple(dict.fromkeys(origins))


def mapped_back(
    name: str, value: str, upstream: UpstreamAddress, public_origin: str, *, known: bool
) -> str:
    """The value of one field as the visitor should get it.

    public_origin: of the app. known: the request showed that the app is visited under that origin,
    so an absolute URL is better than a path.
    """
    if name == "location":
        return with_escaped_octets(local_reference(value, upstream))
    if name in _ONE_URL:
        return local_reference(value, upstream)
    if name == "refresh":
        return local_refresh(value, upstream)
    if name == "link":
        return _LINK_TARGET.sub(
            lambda target: f"<{_linked(target[1], upstream, public_origin if known else '')}>",
            value,
        )
    if name in _ORIGINS and after_upstream(value, upstream) == "":
        return public_origin
    if name in _POLICIES:
        return _policies(value, upstream)
    return value


def names_upstream(name: str, value: str, upstream: UpstreamAddress) -> bool:
    """Whether visitors would follow an absolute URL of the upstream in this field."""
    if name == "location" or name in _ONE_URL:
        return after_upstream(value, upstream) is not None
    if name == "link":
        targets = _LINK_TARGET.findall(value)
        return any(after_upstream(target, upstream) is not None for target in targets)
    return False


def _linked(url: str, upstream: UpstreamAddress, public_origin: str) -> str:
    path = local_reference(url, upstream)
    return path if path == url else public_origin + path


def _policies(value: str, upstream: UpstreamAddress) -> str:
    """Policies in which 'self' stands beside the origin of the upstream, and the origin beside
    'self': for the app both mean the same, and for the browser they differ.

    Source: CSP3 §6.7.2. Several policies may stand in one value, with commas between them.
    """
    return ",".join(
        ";".join(_directive(directive, upstream) for directive in policy.split(";"))
        for policy in value.split(",")
    )


def _directive(directive: str, upstream: UpstreamAddress) -> str:
    name, *sources = directive.split() or [""]
    if not sources or not (name.lower().endswith("-src") or name.lower() in _WITH_SOURCES):
        return directive
    lower = [source.lower() for source in sources]
    own = any(after_upstream(source, upstream) is not None for source in lower)
    if own and "'self'" not in lower:
        return f"{directive.rstrip()} 'self'"
    if "'self'" in lower and upstream.origin not in lower:
        return f"{directive.rstrip()} {upstream.origin}"
    return directive


_WITH_SOURCES = frozenset(
    (
        "base-uri",
        "form-action",
        "script-src-attr",
        "script-src-elem",
        "style-src-attr",
        "style-src-elem",
    )
)
