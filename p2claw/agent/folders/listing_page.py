"""The page that lists a folder: links, sizes and dates. It works without any script.

As tiles where most files are pictures or films, else as rows; a link chooses the other.
"""

from __future__ import annotations

from dataclasses import replace
from html import escape

from p2claw.agent.folders.drawn_entries import row, size_text, tile
from p2claw.agent.folders.entries import Entry, Listing, Sort, ordered
from p2claw.agent.folders.icons import ICONS, icon
from p2claw.agent.folders.kinds import Shown
from p2claw.agent.folders.names import OWN, quoted, shown
from p2claw.agent.folders.order import Order
from p2claw.agent.folders.pages import asset_url, document


def listing_page(names: tuple[str, ...], listing: Listing, order: Order, writable: str = "") -> str:
    """The whole page. names: of the folder, from the top. writable: visitors may add files."""
    entries = ordered(listing.entries, order.by, descending=order.descending)
    view = order.view or _suitable(entries)
    title = shown(names[-1]) if names else "Files"
    draw = tile if view == "tiles" else row
    items = "\n".join(draw(entry, names, order) for entry in entries)
    listed = f'<ul class="{view}">\n{items}\n</ul>\n' if entries else ""
    left_out = listing.total - len(entries)
    note = f'<p class="note">{left_out} more are here than this list shows.</p>' if left_out else ""
    tools = (_tools(order, view) + _zip(names) if entries else "") + (_ADD if writable else "")
    nav = f'<nav aria-label="Order">{tools}</nav>' if tools else ""
    empty = "" if entries else '<p class="note">This folder is empty.</p>'
    if empty and writable:
        empty = '<p class="note">Nothing is here yet. Drop files on this page, or add some.</p>'
    scripts = ("viewer.js", "upload.js") if writable else ("viewer.js",)
    loads = "".join(f'<script type="module" src="{asset_url(name)}"></script>' for name in scripts)
    body = f"""{ICONS}
<header>
<h1>{_crumbs(names)}</h1>
<p class="sum">{_sum(entries)}</p>
{nav}
</header>
<main>
{listed}{empty}{note}
</main>
{loads}"""
    return document(title, body)


def _suitable(entries: list[Entry]) -> str:
    files = [entry for entry in entries if not entry.is_folder]
    seen = sum(entry.shown in (Shown.PICTURE, Shown.FILM) for entry in files)
    return "tiles" if seen * 2 > len(files) else "rows"


_ADD = (
    f'<button class="add" title="Add files">{icon("add")}<span>Add files</span></button>'
    '<input id="files" type="file" multiple hidden aria-label="Files to add">'
)


def _zip(names: tuple[str, ...]) -> str:
    path = "".join(f"{quoted(name)}/" for name in names)
    label = "Save all as a zip"
    return (
        f'<a class="save" href="/{OWN}/zip/{path}" title="{label}" aria-label="{label}">'
        f"{icon('save')}<span>Save all</span></a>"
    )


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
