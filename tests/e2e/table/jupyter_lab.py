"""JupyterLab: a notebook's cell runs in its kernel, over the kernel's WebSocket."""

from __future__ import annotations

import json
from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp, virtual_env
from tests.e2e.table.entry import Entry, click
from tests.support.browser import Tab

JUPYTER = "4.6.6"
CELL = {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "execution_count": None}
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def make(folder: Path) -> None:
    virtual_env(folder, f"jupyterlab=={JUPYTER}", "ipykernel")
    cells = [{**CELL, "source": "print('the sum is', 20 + 22)"}]
    book = {"cells": cells, "metadata": KERNEL, "nbformat": 4, "nbformat_minor": 5}
    (folder / "work").mkdir()
    (folder / "work" / "sum.ipynb").write_text(json.dumps(book))


def command(folder: Path, port: int) -> list[str]:
    python = folder / "venv" / "bin" / "python"
    token = "--IdentityProvider.token="
    root = ("--allow-root", "--no-browser")
    return [str(python), "-m", "jupyterlab", f"--port={port}", *root, token]


async def use(tab: Tab, app: ForeignApp) -> str:
    """Run the cell of a notebook and read what it printed."""
    await click(tab, ".jp-Notebook .jp-Cell .cm-content", timeout_s=90)
    await click(tab, "[data-command='notebook:run-cell-and-select-next']")
    await tab.wait_for_text("the sum is 42", timeout_s=60)
    return "a cell ran in its kernel"


START = "/lab/tree/sum.ipynb?reset"
ENTRY = Entry(ForeignApp("jupyter", JUPYTER, make, command, workdir="work"), use, START, 180)
