"""Streamlit: a widget's value goes to the server and back, a file is uploaded."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp, virtual_env
from tests.e2e.table.entry import SOURCES, Entry
from tests.support.browser import Tab

STREAMLIT = "1.67.0"


def make(folder: Path) -> None:
    virtual_env(folder, f"streamlit=={STREAMLIT}")
    shutil.copy(SOURCES / "streamlit_app.py", folder / "app.py")


def command(folder: Path, port: int) -> list[str]:
    python = folder / "venv" / "bin" / "python"
    server = ("--server.port", str(port), "--server.headless", "true")
    return [str(python), "-m", "streamlit", "run", "app.py", *server]


async def use(tab: Tab, app: ForeignApp) -> str:
    """Type a name and be greeted; upload a file and read its size."""
    await tab.wait_for_text("A streamlit app", timeout_s=60)
    await tab.wait_for("() => document.querySelector('input[type=text]') !== null")
    await tab.type("input[type=text]", "crab", enter=True)
    await tab.wait_for_text("Hello crab")
    file = tab.browser.folder / "note.txt"
    file.write_text("x" * 12_345)
    await tab.upload("input[type=file]", file)
    await tab.wait_for_text("12345 bytes")
    return "widget and upload"


ENTRY = Entry(ForeignApp("streamlit", f"{STREAMLIT}-1", make, command), use, limit_s=120)
