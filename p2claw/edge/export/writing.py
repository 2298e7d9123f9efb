"""Writes an export: the folder of the site, and a configuration for each kind of server."""

from __future__ import annotations

import ipaddress
import shutil
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from p2claw.edge.browser_side import BrowserSide
from p2claw.edge.export.caddy import caddy_text
from p2claw.edge.export.cdn import pages_headers, vercel_json
from p2claw.edge.export.elsewhere import bootstrap_for
from p2claw.edge.export.nginx import nginx_text
from p2claw.edge.export.site import Place, write_site
from p2claw.errors import UsageError

SITE = "site"
MARK = "p2claw-export"
"""A file of this name makes a folder one that an export may replace."""


def place_of(parent: str, coordinator: str, scheme: str, port: int | None) -> Place:
    """Where it will be served. Raises UsageError `coordinator-invalid`."""
    parent = parent.lower().strip(".")
    origin = _origin(coordinator)
    name = urlsplit(origin).hostname or ""
    if name.endswith(f".{parent}"):
        raise _invalid(coordinator, f"names below {parent} are those of apps", "another name")
    if scheme == "https" and not origin.startswith("https://"):
        raise _invalid(coordinator, "pages by https ask nobody by http", "https://")
    return Place(parent, scheme, port or (443 if scheme == "https" else 80), origin)


def export(target: Path, place: Place, source: Path | None = None) -> list[str]:
    """Write everything into a folder that is empty, or has an export; the names of what is there.

    source: a built bootstrap; None: that of the package. Raises UsageError `export-in-the-way`,
    `bootstrap-missing`, `bootstrap-damaged`.
    """
    target = target.absolute()
    if target.exists() and not (target / MARK).is_file() and any(target.iterdir()):
        raise UsageError(
            f"{target} has files that no export has written",
            code="export-in-the-way",
            hint="Name a folder that is empty, or not there",
        )
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=target) as name:
        bootstrap = bootstrap_for(place.coordinator, source, Path(name) / "bootstrap")
        fresh = Path(name) / SITE
        site = write_site(bootstrap, place, fresh)
        (fresh / "_headers").write_text(pages_headers(site))
        (fresh / "vercel.json").write_text(vercel_json(site))
        _keep_older(target / SITE, fresh)
        if (target / SITE).exists():
            (target / SITE).rename(Path(name) / "before")
        fresh.rename(target / SITE)
    texts = {
        "nginx.conf": nginx_text(site, target / SITE),
        "Caddyfile": caddy_text(site, target / SITE),
        "browser-side.json": BrowserSide.of(bootstrap).content().decode(),
        MARK: f"{place.scheme}://*.{place.parent}{place.port_suffix} {place.coordinator}\n",
    }
    for file, text in texts.items():
        (target / file).write_text(text)
    return sorted(str(path.relative_to(target)) for path in target.rglob("*") if path.is_file())


def _keep_older(before: Path, fresh: Path) -> None:
    """Assets of the version before stay: pages that are open still ask for them."""
    for old in before.glob("__p2claw/assets/*"):
        new = fresh / old.relative_to(before)
        if not new.exists():
            shutil.copy2(old, new)


def _origin(coordinator: str) -> str:
    parts = urlsplit(coordinator)
    try:
        port = parts.port
    except ValueError:
        port = -1
    host = parts.hostname or ""
    is_whole = parts.scheme in ("http", "https") and host and port != -1
    if not is_whole or parts.path not in ("", "/") or parts.query or "@" in parts.netloc:
        raise _invalid(coordinator, "it is no origin", "https://coordinator.example.org")
    if ":" in host:
        host = f"[{ipaddress.ip_address(host)}]"
    return f"{parts.scheme}://{host}" + ("" if port is None else f":{port}")


def _invalid(coordinator: str, why: str, instead: str) -> UsageError:
    return UsageError(
        f"{coordinator!r} cannot be the coordinator of an export: {why}",
        code="coordinator-invalid",
        hint=f"Give {instead}",
    )
