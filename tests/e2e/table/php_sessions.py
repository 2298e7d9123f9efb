"""PHP's sessions, by the server of php-cli: a cookie, a counter, a redirect after POST."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp
from tests.e2e.table.entry import SOURCES, Entry, click
from tests.support.browser import Tab


def make(folder: Path) -> None:
    (folder / "sessions").mkdir()
    shutil.copy(SOURCES / "sessions.php", folder / "index.php")


def command(folder: Path, port: int) -> list[str]:
    save = f"session.save_path={folder / 'sessions'}"
    return ["php", "-d", save, "-S", f"localhost:{port}", "index.php"]


async def use(tab: Tab, app: ForeignApp) -> str:
    """Visit twice, sign in by POST and redirect, sign out."""
    await tab.wait_for_text("visit 1")
    await tab.reload()
    await tab.wait_for_text("visit 2")
    await tab.type("input[name=name]", "crab", enter=True)
    await tab.wait_for_text("signed in as crab")
    assert "visit 3" in await tab.text()
    await click(tab, "#out")
    await tab.wait_for_text("visit 1")
    assert "signed in" not in await tab.text()
    return "counted visits, signed in and out"


ENTRY = Entry(ForeignApp("phpsessions", "1", make, command), use)
