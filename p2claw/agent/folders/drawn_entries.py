"""One entry of a list as HTML, as a row or as a tile, with the attributes that the viewer reads.

Names of files can be anything: each is quoted in a URL, and escaped wherever else it stands.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from html import escape

from p2claw.agent.folders.entries import Entry
from p2claw.agent.folders.icons import icon
from p2claw.agent.folders.kinds import Shown, media_type
from p2claw.agent.folders.names import quoted, shown
from p2claw.agent.folders.order import Order
from p2claw.agent.folders.pictures import FOREIGN

# The viewer shows a picture above this size smaller first, and links to the whole.
WHOLE_BYTES = 1_500_000
# A list shows a picture that Pillow does not read itself if it is small enough to be a tile.
TILE_BYTES = 200_000

_MADE_SMALLER = ("image/jpeg", "image/png", "image/webp", "image/gif", "image/avif", *FOREIGN)
_UNITS = ("kB", "MB", "GB", "TB", "PB", "EB")


def size_text(count: int) -> str:
    """A size for people, in powers of 1000 as file managers have it."""
    if count < 1000:
        return f"{count} B"
    size = float(count)
    units = iter(_UNITS)
    while size >= 999.5:
        size, unit = size / 1000, next(units)
    return f"{size:.1f} {unit}" if size < 99.95 else f"{size:.0f} {unit}"


def row(entry: Entry, names: tuple[str, ...], order: Order) -> str:
    """One line of a list: picture, name, size, date."""
    size = "" if entry.is_folder else size_text(entry.size_bytes)
    date = _date(entry.modified_ns)
    return (
        f"<li><a {_target(entry, names, order)}>{_face(entry, names)}"
        f'<span class="name">{escape(shown(entry.name))}</span>'
        f'<span class="size">{size}</span>{date}</a></li>'
    )


def tile(entry: Entry, names: tuple[str, ...], order: Order) -> str:
    """One tile: picture and name."""
    return (
        f"<li><a {_target(entry, names, order)}>{_face(entry, names)}"
        f'<span class="name">{escape(shown(entry.name))}</span></a></li>'
    )


def _target(entry: Entry, names: tuple[str, ...], order: Order) -> str:
    """The attributes of the link: its URL, and what the viewer reads."""
    href = f"./{quoted(entry.name)}"
    if entry.is_folder:
        kept = order.query
        return f'href="{href}/{kept if kept != "./" else ""}"'
    if entry.shown is Shown.FILE:
        return f'href="{href}"'
    source = href
    is_large = entry.size_bytes > WHOLE_BYTES or media_type(entry.name) in FOREIGN
    if is_large and _has_smaller(entry):
        source = _smaller("large", entry, names)
    size = size_text(entry.size_bytes)
    return (
        f'href="{href}" data-show="{entry.shown.value}" data-source="{source}" data-size="{size}"'
    )


def _face(entry: Entry, names: tuple[str, ...]) -> str:
    """The small picture of an entry, or its icon."""
    if entry.is_folder:
        return f'<span class="face">{icon("folder")}</span>'
    drawn = icon(entry.shown.value)
    if entry.shown is not Shown.PICTURE:
        return f'<span class="face {entry.shown.value}">{drawn}</span>'
    if _has_smaller(entry):
        source = _smaller("small", entry, names)
    elif entry.size_bytes <= TILE_BYTES:
        source = f"./{quoted(entry.name)}"
    else:
        return f'<span class="face">{drawn}</span>'
    picture = f'<img src="{source}" alt="" loading="lazy" decoding="async">'
    return f'<span class="face">{drawn}{picture}</span>'


def _has_smaller(entry: Entry) -> bool:
    return media_type(entry.name) in _MADE_SMALLER


def _smaller(size: str, entry: Entry, names: Iterable[str]) -> str:
    path = "/".join(map(quoted, (*names, entry.name)))
    return f"/.p2claw/{size}/{path}?v={entry.modified_ns:x}-{entry.size_bytes:x}"


def _date(modified_ns: int) -> str:
    moment = time.gmtime(modified_ns / 1e9)
    exact = time.strftime("%Y-%m-%dT%H:%M:%SZ", moment)
    return f'<time datetime="{exact}">{time.strftime("%Y-%m-%d", moment)}</time>'
