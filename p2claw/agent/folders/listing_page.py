"""The page that lists a folder: links, sizes and dates, that work without any script.

As tiles where most files are pictures or films, else as rows; a link chooses the other.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from html import escape

from p2claw.agent.folders.entries import Entry, Listing, Sort, ordered
from p2claw.agent.folders.icons import ICONS, icon
from p2claw.agent.folders.kinds import Shown, media_type
from p2claw.agent.folders.names import quoted, shown
from p2claw.agent.folders.pages import asset_url, document
from p2claw.agent.folders.pictures import FOREIGN

# The viewer shows a picture above this size smaller first, and links to the whole.
WHOLE_BYTES = 1_500_000
# A list shows a picture that Pillow does not read itself if it is small enough to be a tile.
TILE_BYTES = 200_000

_MADE_SMALLER = ("image/jpeg", "image/png", "image/webp", "image/gif", "image/avif", *FOREIGN)
_UNITS = ("kB", "MB", "GB", "TB", "PB", "EB")


@dataclass(frozen=True, slots=True)
class Order:
    """How a list is shown. view: `tiles`, `rows`, or "" for what suits the folder."""

    by: Sort = Sort.NAME
    descending: bool = False
    view: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Order:
        """What a query asks for; what it says otherwise is passed over."""
        asked, view = query.get("sort", ""), query.get("view", "")
        by = next((sort for sort in Sort if sort.value == asked), Sort.NAME)
        view = view if view in ("tiles", "rows") else ""
        return cls(by, query.get("order") == "desc", view)

    @property
    def query(self) -> str:
        """The inverse; a list that is as usual has no query."""
        parts = []
        if self.by is not Sort.NAME or self.descending:
            parts.append(f"sort={self.by.value}")
        if self.descending:
            parts.append("order=desc")
        if self.view:
            parts.append(f"view={self.view}")
        return "?" + "&amp;".join(parts) if parts else "./"


def listing_page(names: tuple[str, ...], listing: Listing, order: Order) -> str:
    """The whole page. names: of the folder, from the top."""
    entries = ordered(listing.entries, order.by, descending=order.descending)
    view = order.view or _suitable(entries)
    title = shown(names[-1]) if names else "Files"
    draw = _tile if view == "tiles" else _row
    items = "\n".join(draw(entry, names, order) for entry in entries)
    left_out = listing.total - len(entries)
    note = f'<p class="note">{left_out} more are here than this list shows.</p>' if left_out else ""
    empty = "" if entries else '<p class="note">This folder is empty.</p>'
    body = f"""{ICONS}
<header>
<h1>{_crumbs(names)}</h1>
<p class="sum">{_sum(entries)}</p>
<nav aria-label="Order">{_tools(order, view)}</nav>
</header>
<main>
<ul class="{view}">
{items}
</ul>
{empty}{note}
</main>
<script type="module" src="{asset_url("viewer.js")}"></script>"""
    return document(title, body)


def size_text(count: int) -> str:
    """A size for people, in powers of 1000 as file managers have it."""
    if count < 1000:
        return f"{count} B"
    size = float(count)
    units = iter(_UNITS)
    while size >= 999.5:
        size, unit = size / 1000, next(units)
    return f"{size:.1f} {unit}" if size < 99.95 else f"{size:.0f} {unit}"


def _suitable(entries: list[Entry]) -> str:
    files = [entry for entry in entries if not entry.is_folder]
    seen = sum(entry.shown in (Shown.PICTURE, Shown.FILM) for entry in files)
    return "tiles" if seen * 2 > len(files) else "rows"


def _crumbs(names: tuple[str, ...]) -> str:
    steps = ["Files", *map(shown, names)]
    links = [
        f'<a href="{"../" * (len(steps) - 1 - depth)}">{escape(step)}</a>'
        for depth, step in enumerate(steps[:-1])
    ]
    return '<span class="slash">/</span>'.join([*links, f"<span>{escape(steps[-1])}</span>"])


def _sum(entries: list[Entry]) -> str:
    folders = sum(entry.is_folder for entry in entries)
    files = len(entries) - folders
    parts = [_count(folders, "folder")] if folders else []
    if files:
        parts += [_count(files, "file"), size_text(sum(entry.size_bytes for entry in entries))]
    return " · ".join(parts)


def _count(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _tools(order: Order, view: str) -> str:
    links = []
    for by in Sort:
        is_now = by is order.by
        # The newest and the largest first are what people look for.
        turned = not order.descending if is_now else by is not Sort.NAME
        arrow = ("↓" if order.descending else "↑") if is_now else ""
        href = replace(order, by=by, descending=turned).query
        now = ' aria-current="true"' if is_now else ""
        links.append(
            f'<a href="{href}"{now}>{by.value.title()} {arrow}</a>'.replace(" </a>", "</a>")
        )
    other = "rows" if view == "tiles" else "tiles"
    href = replace(order, view=other).query
    label = "As a list" if other == "rows" else "As tiles"
    switch = f'<a class="view" href="{href}" title="{label}">{icon(other)}<span>{label}</span></a>'
    return "".join(links) + switch


def _row(entry: Entry, names: tuple[str, ...], order: Order) -> str:
    size = "" if entry.is_folder else size_text(entry.size_bytes)
    date = _date(entry.modified_ns)
    return (
        f"<li><a {_target(entry, names, order)}>{_face(entry, names)}"
        f'<span class="name">{escape(shown(entry.name))}</span>'
        f'<span class="size">{size}</span>{date}</a></li>'
    )


def _tile(entry: Entry, names: tuple[str, ...], order: Order) -> str:
    return (
        f"<li><a {_target(entry, names, order)}>{_face(entry, names)}"
        f'<span class="name">{escape(shown(entry.name))}</span></a></li>'
    )


def _target(entry: Entry, names: tuple[str, ...], order: Order) -> str:
    """The link, and what the viewer must know of it."""
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
