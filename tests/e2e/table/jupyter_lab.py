"""JupyterLab: a token, a notebook over the WebSocket of its kernel, a terminal over another."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp, virtual_env
from tests.e2e.table.entry import Entry, click
from tests.support.browser import Tab

JUPYTERLAB = "4.6.6"
TOKEN = "a-token-of-claws"
CARD = ".jp-LauncherCard[data-category='{}']"


def make(folder: Path) -> None:
    virtual_env(folder, f"jupyterlab=={JUPYTERLAB}", "ipykernel")


def command(folder: Path, port: int) -> list[str]:
    for part in ("notes", "home"):
        shutil.rmtree(folder / part, ignore_errors=True)
        (folder / part).mkdir()
    python = str(folder / "venv" / "bin" / "python")
    given = ("--no-browser", "--allow-root", "--port", str(port), "--ServerApp.port_retries=0")
    lab = ("env", f"HOME={folder / 'home'}", python, "-m", "jupyterlab")
    return [*lab, *given, f"--IdentityProvider.token={TOKEN}", str(folder / "notes")]


async def use(tab: Tab, app: ForeignApp) -> str:
    """Sign in, run a cell, save the notebook, write a file from a terminal."""
    notes = app.folder / "notes"
    await click(tab, "#password_input", timeout_s=60)
    await tab.type("#password_input", TOKEN, enter=True)
    await click(tab, CARD.format("Notebook"), timeout_s=60)
    await tab.wait_for_text("idle", timeout_s=60)
    await click(tab, ".jp-Notebook .cm-content")
    await tab.write("print('sum', sum(range(101)))")
    await tab.press("Shift", "Enter")
    await tab.wait_for_text("sum 5050", timeout_s=30)
    await tab.press("Control", "s")
    await click(tab, ".jp-Dialog input")
    await tab.press("Control", "a")
    await tab.write("sums.ipynb")
    await click(tab, ".jp-Dialog .jp-mod-accept")
    await _until_written(notes / "sums.ipynb", "sum 5050")
    await click(tab, "[data-command='launcher:create']")
    await click(tab, CARD.format("Other"))
    await click(tab, ".jp-Terminal .xterm-screen")
    await asyncio.sleep(1)
    await tab.write("echo claws-$((6*7)) | tee notes/from-terminal.txt")
    await tab.press("Enter")
    await _until_written(notes / "from-terminal.txt", "claws-42")
    return "a cell over its kernel, saved; a terminal"


async def _until_written(file: Path, text: str) -> None:
    for _ in range(200):
        if file.exists() and text in file.read_text():
            return
        await asyncio.sleep(0.1)
    found = file.read_text() if file.exists() else None
    raise AssertionError(f"{file.name} has no {text!r}: {json.dumps(found)[:200]}")


APP = ForeignApp("jupyterlab", JUPYTERLAB, make, command)
ENTRY = Entry(APP, use, "/lab", limit_s=240)
