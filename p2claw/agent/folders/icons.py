"""The drawings of a list, as symbols of one SVG at the top of the page."""

from __future__ import annotations

# ruff: noqa: E501
_DRAWN = {
    "folder": '<path d="M3 6.5A1.5 1.5 0 0 1 4.5 5h4.2l2 2.2h8.8A1.5 1.5 0 0 1 21 8.7v8.8a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 17.5z"/>',
    "file": '<path d="M6 3.5h8l4.5 4.5v12a.9.9 0 0 1-.9.9H6.4a.9.9 0 0 1-.9-.9V4.4a.9.9 0 0 1 .5-.9z"/><path d="M14 3.5V8h4.5"/>',
    "picture": '<rect x="3.5" y="5" width="17" height="14" rx="1.5"/><circle cx="9" cy="10" r="1.6"/><path d="m4 17 5-4 3.5 2.6L16 12l4.5 4.6"/>',
    "film": '<rect x="3.5" y="5" width="17" height="14" rx="1.5"/><path d="m10 9 5.2 3L10 15z"/>',
    "sound": '<path d="M9 17.5V6.2l10-2v11.3"/><circle cx="6.8" cy="17.5" r="2.2"/><circle cx="16.8" cy="15.5" r="2.2"/>',
    "add": '<path d="M12 15V4.5m-4.5 4L12 4l4.5 4.5M5 19.5h14"/>',
    "save": '<path d="M12 4v10.5m-4.5-4 4.5 4.5 4.5-4.5M5 19.5h14"/>',
    "rows": '<path d="M4 6.5h16M4 12h16M4 17.5h16"/>',
    "tiles": '<path d="M4.5 4.5h6v6h-6zM13.5 4.5h6v6h-6zM4.5 13.5h6v6h-6zM13.5 13.5h6v6h-6z"/>',
}

ICONS = (
    '<svg class="drawn" width="0" height="0" aria-hidden="true">'
    + "".join(
        f'<symbol id="i-{name}" viewBox="0 0 24 24">{shape}</symbol>'
        for name, shape in _DRAWN.items()
    )
    + "</svg>"
)


def icon(name: str) -> str:
    """One of them, where it is used."""
    return f'<svg class="icon i-{name}" aria-hidden="true"><use href="#i-{name}"/></svg>'
