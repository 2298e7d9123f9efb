"""The name of an app that was given none: of its folder, or of its port."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePath

from p2claw.agent.upstream.address import UpstreamAddress
from p2claw.errors import UsageError
from p2claw.names import check_app

NAME_CHARS = 32


def name_for(upstream: UpstreamAddress) -> str:
    """`photos` for ./photos, `cote-d-azur` for "./Côte d’Azur", `port-3000` for a port."""
    if not (upstream.folder or upstream.path):
        return f"port-{upstream.port}"
    path = PurePath(upstream.folder or upstream.path)
    name = _plain(path.name if upstream.folder else path.stem) or "files"
    try:
        return check_app(name)
    except UsageError:
        return check_app(f"my-{name}"[:NAME_CHARS].rstrip("-"))


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:NAME_CHARS].rstrip("-")
