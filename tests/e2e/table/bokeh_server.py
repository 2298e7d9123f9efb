"""Bokeh's server: a document that lives on both sides of a WebSocket, of allowed origins only."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp, virtual_env
from tests.e2e.table.entry import SOURCES, Entry
from tests.support.browser import Tab

BOKEH = "3.9.2"
PANDAS = "3.1.1"
FILE_BYTES = 30_000
# Each widget is in a shadow tree of its own.
READ = """text => {
  const read = (node) => (node.nodeType === Node.TEXT_NODE ? node.data : "")
    + [...(node.shadowRoot?.childNodes ?? []), ...node.childNodes].map(read).join(" ");
  return read(document.body).includes(text);
}"""
FIND = """const find = (selector, root = document) => root.querySelector(selector)
  ?? [...root.querySelectorAll("*")].filter((one) => one.shadowRoot)
    .map((one) => find(selector, one.shadowRoot)).find((one) => one) ?? null;"""
ENTER = f"""([selector, value]) => {{
  {FIND}
  const field = find(selector);
  field.value = value;
  field.dispatchEvent(new Event("change", {{ bubbles: true }}));
}}"""
CHOOSE = f"""(size) => {{
  {FIND}
  const chosen = new DataTransfer();
  chosen.items.add(new File(["x".repeat(size)], "claws.txt"));
  const field = find("input[type=file]");
  field.files = chosen.files;
  field.dispatchEvent(new Event("change", {{ bubbles: true }}));
}}"""
SLIDE = """() => {
  Bokeh.documents[0].roots()[0].children[0].value = 7;
}"""
DRAWN = f"() => {{ {FIND} return find('canvas')?.width > 0; }}"


def make(folder: Path) -> None:
    virtual_env(folder, f"bokeh=={BOKEH}", f"pandas=={PANDAS}")
    shutil.copy(SOURCES / "bokeh_server.py", folder / "claws.py")


def command(folder: Path, port: int) -> list[str]:
    python = folder / "venv" / "bin" / "python"
    return [str(python), "-m", "bokeh", "serve", "claws.py", "--port", str(port)]


async def use(tab: Tab, app: ForeignApp) -> str:
    """Move, type and choose; the server's callbacks show in the page, and so does its clock."""
    await tab.wait_for(READ, "3 ticks", timeout_s=60)
    await tab.wait_for(DRAWN)
    # Its first page leads on to the only application.
    await tab.wait_for("() => location.pathname === '/claws'", within="top")
    await tab.wait_for("() => document.title === 'Claws'", within="top")
    await tab.evaluate(ENTER, ["input[type=text]", "crab"])
    await tab.wait_for(READ, "Hello crab")
    await tab.evaluate(SLIDE)
    await tab.wait_for(READ, "slid to 7")
    await tab.evaluate(CHOOSE, FILE_BYTES)
    await tab.wait_for(READ, f"file of {FILE_BYTES * 4 // 3}")  # in base64
    await tab.reload()
    await tab.wait_for(READ, "nobody", timeout_s=60)
    await tab.wait_for(READ, "2 ticks")
    return "callbacks over its WebSocket, a file, F5 begins anew"


ENTRY = Entry(ForeignApp("bokeh", f"{BOKEH}-1", make, command), use, limit_s=150)
