"""Signing in at another site, which posts its response back by a form, as SAML does."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp, virtual_env
from tests.e2e.table.entry import SOURCES, Entry, click
from tests.support.browser import Tab

FLASK = "3.1.3"


def make(folder: Path) -> None:
    virtual_env(folder, f"flask=={FLASK}")
    shutil.copy(SOURCES / "saml_post.py", folder / "app.py")


def command(folder: Path, port: int) -> list[str]:
    return [str(folder / "venv" / "bin" / "python"), "app.py", str(port)]


async def use(tab: Tab, app: ForeignApp) -> str:
    """From the app to the other site, and by its form back to where one was going."""
    await click(tab, "#sign-in")
    await tab.wait_for_text("The other site", within="top")
    await tab.type("#name", "crab", within="top")
    await tab.click("#let-in", within="top")
    seen = await tab.wait_for_text("signed in as crab")
    assert "went to /deep/page?x=1" in seen, seen
    await tab.reload()
    await tab.wait_for_text("signed in as crab")
    return "the form of the other site signed in, then to the page that was asked for"


ENTRY = Entry(ForeignApp("samlpost", f"{FLASK}-1", make, command), use, "/deep/page?x=1")
