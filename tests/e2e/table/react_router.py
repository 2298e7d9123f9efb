"""React Router as a framework: rendered at the server, loaders and actions, built and served."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp, run
from tests.e2e.table.entry import SOURCES, Entry, click
from tests.support.browser import Tab

REACT_ROUTER = "8.4.0"
PACKAGES = (
    *(f"@react-router/{part}@{REACT_ROUTER}" for part in ("dev", "node", "serve")),
    f"react-router@{REACT_ROUTER}",
    *("react@19.3.1", "react-dom@19.3.1", "isbot@5", "vite@8"),
)


def make(folder: Path) -> None:
    shutil.copytree(SOURCES / "react_router", folder / "source")
    run("npm", "install", "--no-audit", "--no-fund", *PACKAGES, cwd=folder / "source")
    run("npx", "react-router", "build", cwd=folder / "source")


def command(folder: Path, port: int) -> list[str]:
    serve = folder / "source" / "node_modules" / ".bin" / "react-router-serve"
    return ["env", f"PORT={port}", "HOST=localhost", str(serve), "build/server/index.js"]


async def use(tab: Tab, app: ForeignApp) -> str:
    """A deep link with F5, links with Back and Forward, an action, a page that is not there."""
    await tab.wait_for_text("Tide 7: rendered at the server")
    await tab.reload()
    await tab.wait_for_text("Tide 7")
    await tab.wait_for("() => window.hydrated")
    await tab.evaluate("() => { window.stayed = true; }")
    await click(tab, "a[href='/tides']")
    await _at(tab, "/tides", "All the tides")
    await click(tab, "a[href='/tides/3']")
    await _at(tab, "/tides/3", "Tide 3")
    await tab.back()
    await _at(tab, "/tides", "All the tides")
    await tab.back()
    await _at(tab, "/tides/7", "Tide 7")
    await tab.forward()
    await _at(tab, "/tides", "All the tides")
    await tab.type("input[name=note]", "spring tide")
    await click(tab, "button")
    await tab.wait_for_text("noted: spring tide")
    assert await tab.evaluate("() => window.stayed"), "a page was loaded again"
    await click(tab, "a[href='/nowhere']")
    await tab.wait_for_text("404")
    await tab.back()
    await tab.wait_for_text("All the tides")
    return "deep link, F5, Back and Forward, an action, 404"


async def _at(tab: Tab, path: str, text: str) -> None:
    # The list names every tide: by its words alone it passes for one.
    await tab.wait_for("path => location.pathname === path", path)
    await tab.wait_for_text(text)


ENTRY = Entry(
    ForeignApp("reactrouter", f"{REACT_ROUTER}-1", make, command, workdir="source"),
    use,
    "/tides/7",
    limit_s=120,
)
