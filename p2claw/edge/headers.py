"""The header fields of the edge's responses: for caching, and for what its pages may do."""

from __future__ import annotations

from collections.abc import Iterable

# The shell is revalidated on every visit, the worker script on every update check of the browser.
REVALIDATE = "no-cache"
# The name of an asset changes with its content.
IMMUTABLE = "public, max-age=31536000, immutable"
NEVER = "no-store"

# What decides between the bootstrap and an error, for caches in between.
VARY_SHELL = "Accept-Encoding, Accept, Sec-Fetch-Mode, Sec-Fetch-Dest"

# A page whose worker scripts lack both of the last two hangs as soon as the app is cross-origin
# isolated. The shell page itself does not carry COEP: every page of an app is framed by it, and
# would have to carry COEP too, which blocks whatever the app loads from other sites.
_FILE = {"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"}
_ACROSS = {
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}
# From the first visit on nobody can lead this host's visitors to another server by plain HTTP. Not
# of the parent's other hosts, which may not be ours (RFC 6797 §6.1).
_STRICT = {"Strict-Transport-Security": "max-age=31536000"}
_SCRIPT = {**_FILE, "Cross-Origin-Embedder-Policy": "require-corp"}


def shell_headers(
    scheme: str,
    host: str,
    style_hashes: Iterable[str],
    script_hashes: Iterable[str],
    coordinator: str = "",
) -> dict[str, str]:
    """For the shell page. `scheme`, `host` (with its port): of the URL that the visitor opened.

    coordinator: its origin, if it is another than that of the page.
    """
    return {
        **_FILE,
        **(_STRICT if scheme == "https" else {}),
        "Cache-Control": REVALIDATE,
        "Vary": VARY_SHELL,
        # Not further: a form that the shell sends on for the app must keep its Origin.
        "Referrer-Policy": "same-origin",
        "Content-Security-Policy": content_security_policy(
            scheme, host, style_hashes, script_hashes, coordinator
        ),
    }


def sibling_headers(
    scheme: str,
    host: str,
    parent: str,
    style_hashes: Iterable[str],
    script_hashes: Iterable[str],
    coordinator: str = "",
) -> dict[str, str]:
    """For the shell page in a hidden frame of another app, whose tab may be isolated.

    Nobody but apps under the parent may hold it. Arguments as of `shell_headers`.
    """
    port = host[len(name) :] if (name := host.rpartition(":")[0]) else ""
    policy = content_security_policy(scheme, host, style_hashes, script_hashes, coordinator)
    return {
        **shell_headers(scheme, host, (), ()),
        **_ACROSS,
        "Content-Security-Policy": f"{policy}; frame-ancestors {scheme}://*.{parent}{port}",
    }


def opaque_headers() -> dict[str, str]:
    """For what a page of another app may have, and not look at. It is the same for every app."""
    return {**_FILE, **_ACROSS, "Cache-Control": IMMUTABLE}


def reset_headers(hashes: tuple[str, str]) -> dict[str, str]:
    """For the page that forgets an address: it asks nothing of anybody, and nobody frames it.

    hashes: CSP sources of its style and its script.
    """
    style, script = hashes
    policy = f"default-src 'none'; style-src {style}; script-src {script}; img-src data:"
    return {
        **_FILE,
        "Cache-Control": REVALIDATE,
        "Vary": "Accept-Encoding",
        "Content-Security-Policy": f"{policy}; base-uri 'none'; form-action 'none'"
        "; frame-ancestors 'none'",
    }


def licences_headers() -> dict[str, str]:
    """For the licences, a text that a person opens."""
    return {**refusal_headers(), "Cache-Control": REVALIDATE, "Vary": "Accept-Encoding"}


def worker_headers() -> dict[str, str]:
    """For the service worker script, whose scope is the whole origin."""
    return {
        **_SCRIPT,
        "Cache-Control": REVALIDATE,
        "Vary": "Accept-Encoding",
        "Service-Worker-Allowed": "/",
    }


def asset_headers() -> dict[str, str]:
    """For a hashed asset."""
    return {**_SCRIPT, "Cache-Control": IMMUTABLE, "Vary": "Accept-Encoding"}


def refusal_headers() -> dict[str, str]:
    """For everything that is not a file of the bootstrap: never kept, and harmless as a page."""
    return {
        **_FILE,
        "Cache-Control": NEVER,
        "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'",
    }


def content_security_policy(
    scheme: str,
    host: str,
    style_hashes: Iterable[str],
    script_hashes: Iterable[str],
    coordinator: str = "",
) -> str:
    """What the shell may do: run its own scripts, speak to its own origin, frame the app.

    coordinator: as of `shell_headers`.
    """
    socket = f"{'wss' if scheme == 'https' else 'ws'}://{host}"
    styles = " ".join(("'self'", *style_hashes))
    scripts = " ".join(("'self'", *script_hashes))
    spoken_to = " ".join(filter(None, ("'self'", coordinator, "filesystem:", socket)))
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {scripts}",
            f"style-src {styles}",
            # A still copy of the app's page is printed in the tab.
            "style-src-attr 'unsafe-inline'",
            "font-src http: https: data: blob:",
            "worker-src 'self'",
            # 'self' covers no WebSocket in older browsers. filesystem: is this origin's own.
            f"connect-src {spoken_to}",
            # Pictures for a tab and for installing the app are of any site.
            "img-src http: https: data: blob:",
            "manifest-src http: https: data: blob:",
            "frame-src 'self' blob: data:",
            "base-uri 'none'",
            "form-action 'self'",  # a form that arrived before the app is sent on into its frame
        )
    )
