"""The built bootstrap in memory: shell, worker script, hashed assets, each in every encoding."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from p2claw.content_codings import PACKED, accepted_codings
from p2claw.errors import UsageError

STATIC = Path(__file__).parent / "static"
OWN = ("shell", "reset", "sw", "licences")
"""What a manifest calls the files that are no assets."""

_TYPES = {
    # Without a charset: a page of the app that names none inherits the charset of the page around
    # it, which must be the browser's own default. The file is of ASCII characters.
    ".html": "text/html",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".json": "application/json",
    ".wasm": "application/wasm",
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_INLINE_STYLE = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file, in each content coding that it was packed with.

    bodies: from content coding, "" for none, to bytes. tag: changes with the content.
    """

    content_type: str
    tag: str
    bodies: dict[str, bytes]

    def choose(self, accept_encoding: str) -> str:
        """The smallest coding of this file that a client accepts, by its Accept-Encoding."""
        accepted = accepted_codings(accept_encoding)
        for coding, _ in PACKED:
            if coding in self.bodies and coding in accepted:
                return coding
        return ""


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """The built bootstrap: everything that the edge serves on hosts of apps.

    style_hashes, script_hashes: CSP sources of the shell's own styles and script. reset_hashes: of
    the style and of the script of the page `reset`.
    """

    shell: StaticFile
    reset: StaticFile
    licences: StaticFile
    worker: StaticFile
    assets: dict[str, StaticFile]
    style_hashes: tuple[str, ...]
    script_hashes: tuple[str, ...]
    reset_hashes: tuple[str, str]


def load_bootstrap(folder: Path | None = None) -> Bootstrap:
    """Read a built bootstrap; if no folder is named, the one of the package.

    Raises UsageError `bootstrap-missing` or `bootstrap-damaged`.
    """
    folder = folder or STATIC
    try:
        manifest = json.loads((folder / "manifest.json").read_bytes())
        shell, reset, worker, licences, *assets = _names_of(manifest)
        page = _load(folder / shell)
        forgetting = _load(folder / reset)
        bootstrap = Bootstrap(
            shell=page,
            reset=forgetting,
            licences=replace(_load(folder / licences), content_type="text/plain; charset=utf-8"),
            worker=_load(folder / worker),
            assets={name: _load(folder / name) for name in assets},
            style_hashes=_hashes(_INLINE_STYLE, page),
            script_hashes=_hashes(_INLINE_SCRIPT, page),
            reset_hashes=(
                " ".join(_hashes(_INLINE_STYLE, forgetting)),
                " ".join(_hashes(_INLINE_SCRIPT, forgetting)),
            ),
        )
    except FileNotFoundError as error:
        raise UsageError(
            f"The bootstrap is not built: {error.filename} is missing",
            code="bootstrap-missing",
            hint="Run `make build`",
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"The bootstrap in {folder} is damaged: {error}",
            code="bootstrap-damaged",
            hint="Run `make build`",
        ) from None
    return bootstrap


def _names_of(manifest: Any) -> list[str]:
    """Those of `OWN`, then the assets."""
    names = [*(manifest[name] for name in OWN), *manifest["assets"].values()]
    for name in names:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a file name")
    return names


def _load(path: Path) -> StaticFile:
    bodies = {"": path.read_bytes()}
    for coding, suffix in PACKED:
        packed = path.with_name(path.name + suffix)
        if packed.is_file():
            bodies[coding] = packed.read_bytes()
    content_type = _TYPES.get(path.suffix, "application/octet-stream")
    return StaticFile(content_type, hashlib.sha256(bodies[""]).hexdigest()[:20], bodies)


def _hashes(inline: re.Pattern[str], page: StaticFile) -> tuple[str, ...]:
    texts: list[str] = inline.findall(page.bodies[""].decode())
    digests = (hashlib.sha256(text.encode()).digest() for text in texts)
    return tuple(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
