"""noVNC: a desktop over a binary WebSocket, by websockify and TigerVNC."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp, free_port
from tests.e2e.table.entry import Entry, click
from tests.support.browser import Tab, until

SETTLED_S = 2
DESKTOP = """
display=$3
Xtigervnc :$display -rfbport $2 -SecurityTypes None -localhost -geometry 800x600 &
sleep 2
DISPLAY=:$display xterm -geometry 80x24+0+0 &
exec websockify --web /usr/share/novnc "127.0.0.1:$1" "127.0.0.1:$2"
"""
# It comes into sight from nothing.
GROWN = """() => {
  const { left, top, width, height } = document.querySelector('#noVNC_connect_button')
    .getBoundingClientRect();
  const there = document.elementFromPoint(left + width / 2, top + height / 2);
  return width > 100 && there?.closest('#noVNC_connect_button') !== null;
}"""
LIT = """() => {
  const canvas = document.querySelector('#noVNC_container canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, 400, 300);
  return data.filter((value, at) => at % 4 === 0 && value > 200).length > 1000;
}"""


def make(folder: Path) -> None:
    (folder / "desktop.sh").write_text(DESKTOP)


def command(folder: Path, port: int) -> list[str]:
    (folder / "typed").unlink(missing_ok=True)
    behind = free_port()
    return ["sh", "desktop.sh", str(port), str(behind), str(behind % 1000 + 100)]


async def use(tab: Tab, app: ForeignApp) -> str:
    """See the desktop, and type a command into its terminal."""
    await tab.wait_for(GROWN, timeout_s=60)
    await click(tab, "#noVNC_connect_button")
    await tab.wait_for(LIT)
    await asyncio.sleep(SETTLED_S)  # its shell begins later than its window
    # The pointer must be above the terminal for it to have the keys.
    await click(tab, "#noVNC_container canvas")
    await tab.write("echo claw > typed")
    await tab.press("Enter")
    await until((app.folder / "typed").exists, timeout_s=20, what="the command ran")
    return "a desktop seen, a command typed into its terminal"


ENTRY = Entry(ForeignApp("novnc", "1", make, command), use, "/vnc.html")
