"""FastAPI with server-sent events and a WebSocket chat, served by uvicorn."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp, virtual_env
from tests.e2e.table.entry import SOURCES, Entry
from tests.support.browser import Tab

FASTAPI = "0.165.0"
UVICORN = "0.54.0"


def make(folder: Path) -> None:
    virtual_env(folder, f"fastapi=={FASTAPI}", f"uvicorn[standard]=={UVICORN}")
    shutil.copy(SOURCES / "fastapi_live.py", folder / "main.py")


def command(folder: Path, port: int) -> list[str]:
    python = folder / "venv" / "bin" / "python"
    return [str(python), "-m", "uvicorn", "main:app", "--port", str(port)]


async def use(tab: Tab, app: ForeignApp) -> str:
    """Get three events, send something and get it back, in both kinds of message."""
    await tab.wait_for_text("event 3")
    await tab.wait_for_text("chat open")
    await tab.type("#say", "hello from a claw", enter=True)
    await tab.wait_for_text("heard hello from a claw")
    await tab.wait_for_text("bytes 65536")
    here = await tab.evaluate("() => location.href")
    other = await tab.browser.open(here, within=tab.within)
    await other.wait_for_text("chat open")
    await other.type("#say", "second tab", enter=True)
    await tab.front()
    await tab.wait_for_text("heard second tab")
    await other.close()
    errors = await tab.evaluate("() => window.errors")
    assert errors == 0, f"{errors} errors of the event source"
    return "events, chat between two tabs"


async def use_slow(tab: Tab, app: ForeignApp) -> str:
    """Events that are 50 s apart, for three minutes: none is lost, nothing is opened anew."""
    await tab.wait_for_text("event 1")
    await tab.wait_for_text("event 4", timeout_s=200)
    errors = await tab.evaluate("() => window.errors")
    assert errors == 0, f"{errors} errors of the event source"
    seen = await tab.text()
    assert all(seen.count(f"event {number}") == 1 for number in range(1, 5)), seen
    return "four events that were 50 s apart, on one connection"


def command_slow(folder: Path, port: int) -> list[str]:
    return ["env", "EVENT_GAP_S=50", *command(folder, port)]


_VERSION = f"{FASTAPI}-1"
ENTRIES = (
    Entry(ForeignApp("fastapilive", _VERSION, make, command), use),
    Entry(
        ForeignApp("fastapislow", _VERSION, make, command_slow), use_slow, limit_s=260, slow=True
    ),
)
