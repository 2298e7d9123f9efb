"""WebDAV from a page: the client library `webdav` of npm, in a browser, against wsgidav."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.e2e.apps import webdav
from tests.e2e.apps.foreign import ForeignApp, run
from tests.e2e.table.entry import SOURCES, Entry
from tests.support.browser import Tab

WEBDAV = "5.11.0"


def make(folder: Path) -> None:
    webdav.make(folder)
    run("npm", "install", "--no-audit", "--no-fund", f"webdav@{WEBDAV}", cwd=folder)
    shutil.copytree(folder / "node_modules" / "webdav" / "dist" / "web", folder / "files" / "lib")
    shutil.copy(SOURCES / "webdav_page.html", folder / "files" / "index.html")


async def use(tab: Tab, app: ForeignApp) -> str:
    """Make a folder, write, list, move, copy, lock, read and remove, as a file manager would."""
    await tab.wait_for("() => window.finished || window.failed", timeout_s=60)
    failed = await tab.evaluate("() => window.failed")
    assert not failed, failed
    return str(await tab.evaluate("() => window.finished"))


ENTRY = Entry(ForeignApp("webdavpage", WEBDAV, make, webdav.command), use, "/index.html")
