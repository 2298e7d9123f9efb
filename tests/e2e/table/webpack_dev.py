"""webpack-dev-server: it takes few hosts, replaces modules, and lays faults over the page."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp, run
from tests.e2e.table.entry import SOURCES, Entry
from tests.support.browser import Tab

PACKAGES = {
    "webpack": "5.113.0",
    "webpack-cli": "7.3.1",
    "webpack-dev-server": "5.2.7",
    "html-webpack-plugin": "5.6.8",
}
OVERLAY = "#webpack-dev-server-client-overlay"
FAULTS = f"""() => document.querySelector('{OVERLAY}')
  ?.contentDocument?.body.innerText.includes('word.js')"""


def make(folder: Path) -> None:
    source = folder / "source"
    shutil.copytree(SOURCES / "webpack_dev", source / "src")
    (source / "src" / "webpack.config.cjs").rename(source / "webpack.config.cjs")
    (source / "package.json").write_text(json.dumps({"type": "module"}))
    packages = [f"{name}@{version}" for name, version in PACKAGES.items()]
    run("npm", "install", "--no-audit", "--no-fund", *packages, cwd=source)


def command(folder: Path, port: int) -> list[str]:
    webpack = folder / "source" / "node_modules" / ".bin" / "webpack"
    return [str(webpack), "serve", "--port", str(port)]


async def use(tab: Tab, app: ForeignApp) -> str:
    """Change a module: what was typed stays. Break it and mend it: the fault is shown, and goes."""
    await tab.wait_for_text("The word is claws", timeout_s=60)
    await tab.wait_for_text("This part came later")
    await tab.wait_for("() => document.title === 'Claws'", within="top")
    await tab.type("input", "typed")
    source = app.folder / "source" / "src" / "word.js"
    before = source.read_text()
    try:
        source.write_text(before.replace("claws", "shells"))
        await tab.wait_for_text("The word is shells")
        kept = await tab.evaluate("() => document.querySelector('input').value")
        assert kept == "typed", "the state was lost: the page was loaded again"
        lost = [line for line in tab.console if "Disconnected" in line]
        assert not lost, lost
        source.write_text("export const word = ;\n")
        await tab.wait_for(FAULTS)
        source.write_text(before.replace("claws", "reefs"))
        await tab.wait_for(f"() => document.querySelector('{OVERLAY}') === null")
        await tab.wait_for_text("The word is reefs")
    finally:
        source.write_text(before)
    await tab.wait_for_text("The word is claws")
    return "a module replaced and state kept, a fault laid over the page and taken away"


ENTRY = Entry(
    ForeignApp(
        "webpackdev", f"{PACKAGES['webpack-dev-server']}-1", make, command, workdir="source"
    ),
    use,
    limit_s=150,
)
