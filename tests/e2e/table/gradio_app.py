"""Gradio: a function of the server behind a text box."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp, virtual_env
from tests.e2e.table.entry import SOURCES, Entry, click
from tests.support.browser import Tab

GRADIO = "6.31.0"


def make(folder: Path) -> None:
    virtual_env(folder, f"gradio=={GRADIO}")
    shutil.copy(SOURCES / "gradio_app.py", folder / "app.py")


def command(folder: Path, port: int) -> list[str]:
    return [str(folder / "venv" / "bin" / "python"), "app.py", str(port)]


async def use(tab: Tab, app: ForeignApp) -> str:
    """Type a name, send it, read the answer."""
    await tab.wait_for("() => document.querySelector('textarea') !== null", timeout_s=60)
    await tab.type("textarea", "crab")
    await click(tab, "button.primary")
    await tab.wait_for(
        "() => [...document.querySelectorAll('textarea')].some((t) => t.value === 'Hello crab')"
    )
    return "a function was called"


ENTRY = Entry(ForeignApp("gradio", f"{GRADIO}-1", make, command), use, limit_s=150)
