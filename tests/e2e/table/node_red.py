"""Node-RED: its editor, which says everything that flows over a WebSocket."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp, run
from tests.e2e.table.entry import Entry, click
from tests.support.browser import Tab

NODE_RED = "4.1.15"
FLOW = [
    {"id": "t1", "type": "tab", "label": "Claws"},
    {
        "id": "i1",
        "type": "inject",
        "z": "t1",
        "props": [{"p": "payload"}],
        "repeat": "1",
        "payload": "claw-tick",
        "payloadType": "str",
        "x": 150,
        "y": 100,
        "wires": [["d1"]],
    },
    {
        "id": "d1",
        "type": "debug",
        "z": "t1",
        "active": True,
        "tosidebar": True,
        "complete": "payload",
        "x": 350,
        "y": 100,
        "wires": [],
    },
]
MESSAGES = """n => [...document.querySelectorAll('.red-ui-debug-msg')]
  .filter((message) => message.textContent.includes('claw-tick')).length >= n"""
PRESS = """text => {
  const button = [...document.querySelectorAll('button')]
    .find((button) => button.textContent.startsWith(text));
  button?.click();
  return button !== undefined;
}"""
TAB = """() => [...document.querySelectorAll('.red-ui-tab-label')]
  .some((label) => label.textContent.includes('Claws'))"""


def make(folder: Path) -> None:
    run("npm", "install", "--no-audit", "--no-fund", f"node-red@{NODE_RED}", cwd=folder)


def command(folder: Path, port: int) -> list[str]:
    home = folder / "home"
    shutil.rmtree(home, ignore_errors=True)
    return ["node_modules/.bin/node-red", "-u", str(home), "-p", str(port)]


async def use(tab: Tab, app: ForeignApp) -> str:
    """Import a flow, deploy it, watch its messages come; find it again after F5."""
    await tab.wait_for_text("Enable Update Notifications", timeout_s=60)
    await tab.wait_for(PRESS, "No, do not")
    await tab.wait_for_text("Welcome to Node-RED")
    await click(tab, ".red-ui-tourGuide-popover button")
    await tab.wait_for("() => !document.querySelector('.red-ui-tourGuide-shade')?.offsetHeight")
    await click(tab, "#red-ui-workspace-chart")
    await tab.press("Control", "i")
    file = app.folder / "flow.json"
    file.write_text(json.dumps(FLOW))
    await tab.upload("#red-ui-clipboard-dialog-import-file-upload", file)
    await tab.wait_for("() => !document.querySelector('#red-ui-clipboard-dialog-ok').disabled")
    await click(tab, "#red-ui-clipboard-dialog-ok")
    await tab.wait_for(TAB)
    await click(tab, "#red-ui-header-button-deploy")
    await tab.wait_for(MESSAGES, 3)
    await tab.reload()
    await tab.wait_for(TAB, timeout_s=60)
    await tab.wait_for(MESSAGES, 2)
    return "a flow imported and deployed, its messages as they came"


ENTRY = Entry(ForeignApp("nodered", NODE_RED, make, command), use, limit_s=150)
