"""marimo: a notebook that runs a cell anew as its code changes, over a WebSocket."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp, virtual_env
from tests.e2e.table.entry import SOURCES, Entry, click
from tests.support.browser import Tab

MARIMO = "0.25.2"
PASSWORD = "claws"
RUN_ALL = "() => document.querySelectorAll('[data-testid=run-button]').forEach((b) => b.click())"


def make(folder: Path) -> None:
    virtual_env(folder, f"marimo=={MARIMO}")


def command(folder: Path, port: int) -> list[str]:
    shutil.copy(SOURCES / "marimo_app.py", folder / "notes.py")
    python = str(folder / "venv" / "bin" / "python")
    given = ("--headless", "--skip-update-check", "--token-password", PASSWORD)
    return [python, "-m", "marimo", "edit", "notes.py", *given, "--port", str(port)]


async def use(tab: Tab, app: ForeignApp) -> str:
    """Sign in, run the cells, change one and see the other follow."""
    await tab.wait_for("() => document.querySelector('input[type=password]') !== null")
    await tab.type("input[type=password]", PASSWORD, enter=True)
    await tab.wait_for("() => document.querySelectorAll('.cm-content').length >= 2", timeout_s=60)
    await tab.evaluate(RUN_ALL)
    await tab.wait_for_text("claws: 10", timeout_s=30)
    await click(tab, ".cm-content")
    await tab.press("Control", "a")
    await tab.write("crabs = 21")
    await tab.press("Control", "Enter")
    await tab.wait_for_text("claws: 42", timeout_s=30)
    return "a cell changed, the next one followed"


ENTRY = Entry(ForeignApp("marimo", MARIMO, make, command), use, limit_s=180)
