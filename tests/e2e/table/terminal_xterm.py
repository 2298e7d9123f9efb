"""A shell in the browser: xterm.js over terminado's WebSocket."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp, run, virtual_env
from tests.e2e.table.entry import SOURCES, Entry, click
from tests.support.browser import Tab

TERMINADO = "0.18.1"
XTERM = "6.0.0"


def make(folder: Path) -> None:
    virtual_env(folder, f"terminado=={TERMINADO}")
    modules = (f"@xterm/xterm@{XTERM}", "@xterm/addon-fit@0.11.0")
    run("npm", "install", "--no-audit", "--no-fund", *modules, cwd=folder)
    shutil.copy(SOURCES / "terminal_xterm.py", folder / "app.py")


def command(folder: Path, port: int) -> list[str]:
    return [str(folder / "venv" / "bin" / "python"), "app.py", str(port)]


async def use(tab: Tab, app: ForeignApp) -> str:
    """Run commands, scroll through much output, interrupt one that does not end."""
    await click(tab, ".xterm-screen")
    rows = "() => document.querySelector('.xterm-rows')?.textContent ?? ''"
    await tab.wait_for(f"() => /[$#]/.test(({rows})())")
    await tab.write("echo claws-$((6*7))")
    await tab.press("Enter")
    await tab.wait_for(f"() => ({rows})().includes('claws-42')")
    await tab.write("seq 1 50000; echo done-$((1+1))")
    await tab.press("Enter")
    await tab.wait_for(f"() => ({rows})().includes('done-2')", timeout_s=60)
    # What is typed before a command reads is thrown away by Ctrl+C, as on any terminal.
    await tab.write("echo asleep-$((1+2)); sleep 1000")
    await tab.press("Enter")
    await tab.wait_for(f"() => ({rows})().includes('asleep-3')")
    await tab.press("Control", "c")
    await tab.wait_for(f"() => ({rows})().includes('^C')")
    await tab.write("echo again-$((4+4)) ünïcödé")
    await tab.press("Enter")
    await tab.wait_for(f"() => ({rows})().includes('again-8 ünïcödé')")
    return "commands, 50,000 lines, Ctrl+C"


ENTRY = Entry(ForeignApp("terminal", f"{TERMINADO}-{XTERM}-1", make, command), use)
