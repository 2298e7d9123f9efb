"""Vite's own React template under its development server: hot updates keep the state."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp, run
from tests.e2e.table.entry import Entry, click
from tests.support.browser import Tab

CREATE_VITE = "9.3.0"
FALLBACK = "Direct websocket connection fallback"


def make(folder: Path) -> None:
    template = ("--template", "react", "--no-interactive")
    run("npm", "create", "--yes", f"vite@{CREATE_VITE}", "source", "--", *template, cwd=folder)
    run("npm", "install", "--no-audit", "--no-fund", cwd=folder / "source")


def command(folder: Path, port: int) -> list[str]:
    vite = folder / "source" / "node_modules" / ".bin" / "vite"
    return [str(vite), "--port", str(port), "--strictPort"]


async def use(tab: Tab, app: ForeignApp) -> str:
    """Count to three, change the source, see the change and the count."""
    await tab.wait_for_text("Get started", timeout_s=60)
    for _ in range(3):
        await click(tab, "button")
    await tab.wait_for_text("Count is 3")
    await tab.wait_for("() => true")
    source = app.folder / "source" / "src" / "App.jsx"
    before = source.read_text()
    assert "Get started" in before
    try:
        source.write_text(before.replace("Get started", "Get going"))
        seen = await tab.wait_for_text("Get going", timeout_s=20)
    finally:
        source.write_text(before)
    assert "Count is 3" in seen, "the state was lost: the page was loaded again"
    assert not any(FALLBACK in line for line in tab.console), "the client went to localhost"
    return "hot update, state kept"


ENTRY = Entry(ForeignApp("vitedev", CREATE_VITE, make, command, workdir="source"), use)
