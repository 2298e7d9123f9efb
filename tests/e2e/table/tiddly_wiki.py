"""TiddlyWiki on Node.js: a page that is its own program, and saves each note as it is written."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp, run
from tests.e2e.table.entry import Entry, click
from tests.support.browser import Tab

TIDDLYWIKI = "5.4.1"


def make(folder: Path) -> None:
    run("npm", "install", "--no-audit", "--no-fund", f"tiddlywiki@{TIDDLYWIKI}", cwd=folder)
    run("node_modules/.bin/tiddlywiki", "clean", "--init", "server", cwd=folder)


def command(folder: Path, port: int) -> list[str]:
    wiki = folder / "wiki"
    shutil.rmtree(wiki, ignore_errors=True)
    shutil.copytree(folder / "clean", wiki)
    return ["node_modules/.bin/tiddlywiki", str(wiki), "--listen", f"port={port}"]


async def use(tab: Tab, app: ForeignApp) -> str:
    """Write a note; find it on the disk, after F5, by a search, and in another tab."""
    await click(tab, "button[title='Create a new tiddler']", timeout_s=60)
    await tab.type("input.tc-titlebar", "Crabs of the shore")
    await tab.press("Tab")
    await tab.press("Tab")
    await tab.write("Their claws are blue.")
    await click(tab, "button[title='Confirm changes to this tiddler']")
    await tab.wait_for_text("Their claws are blue.")
    notes = app.folder / "wiki" / "tiddlers"
    await tab.wait_for("() => !document.body.classList.contains('tc-dirty')")
    kept = [note for note in notes.glob("*.tid") if "claws are blue" in note.read_text()]
    assert kept, "no note on the disk"
    await tab.reload()
    await click(tab, "input[type=search]", timeout_s=60)
    await tab.write("blue")
    await tab.wait_for_text("Crabs of the shore")
    here = await tab.evaluate("() => location.href")
    other = await tab.browser.open(
        f"{here.partition('#')[0]}#Crabs of the shore", within=tab.within
    )
    await other.wait_for_text("Their claws are blue.", timeout_s=60)
    return "a note written, kept on the disk, found again"


ENTRY = Entry(ForeignApp("tiddlywiki", TIDDLYWIKI, make, command), use)
