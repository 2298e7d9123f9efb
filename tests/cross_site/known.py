"""Where an app sees more than at a direct server, and why that cannot be mended."""

from __future__ import annotations

_REASONS: dict[tuple[str, str], str] = {}


def reason(kind: str, name: str) -> str:
    """Why; empty if nobody knows. kind: of the browser. name: of the case."""
    return _REASONS.get((kind, name), _REASONS.get(("", name), ""))
