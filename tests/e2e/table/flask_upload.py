"""Flask taking one file by form, by fetch and by XMLHttpRequest with its progress."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp, virtual_env
from tests.e2e.probe_app import digest, write_file
from tests.e2e.table.entry import SOURCES, Entry, click
from tests.support.browser import Tab

FLASK = "3.1.3"


def make(folder: Path) -> None:
    virtual_env(folder, f"flask=={FLASK}")
    shutil.copy(SOURCES / "flask_upload.py", folder / "app.py")


def command(folder: Path, port: int) -> list[str]:
    return [str(folder / "venv" / "bin" / "python"), "-m", "flask", "run", "--port", str(port)]


async def use(tab: Tab, app: ForeignApp, *, size: int) -> str:
    """The same file three times; each time the server's digest is the file's."""
    await tab.wait_for_text("Send a file")
    file = write_file(tab.browser.folder / "upload.bin", size)
    right = f"{size} {digest(size)}"
    for way in ("fetch", "xhr"):
        await tab.upload("#file", file)
        await click(tab, f"#{way}")
        await tab.wait_for_text(f"{way} {right}", timeout_s=240)
    steps = await tab.evaluate("() => window.steps")
    assert steps["first"] < size and steps["last"] >= size, steps
    assert steps["count"] > 2, steps
    await tab.upload("#file", file)
    await click(tab, "#form")
    await tab.wait_for_text(f"form {right}", timeout_s=240)
    file.unlink()
    return f"{size // 10**6} MB by fetch, by XHR in {steps['count']} steps, by form"


_VERSION = f"{FLASK}-1"
ENTRIES = (
    Entry(
        ForeignApp("flaskupload", _VERSION, make, command),
        partial(use, size=20 * 10**6),
        limit_s=120,
    ),
    Entry(
        ForeignApp("flaskupload500", _VERSION, make, command),
        partial(use, size=500 * 10**6),
        limit_s=500,
        slow=True,
        growth_mib=400,
    ),
)
