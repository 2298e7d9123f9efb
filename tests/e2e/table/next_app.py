"""Next.js, built and served: links, forms of server actions, pictures that it makes smaller."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp, run
from tests.e2e.table.entry import SOURCES, Entry, click
from tests.support.browser import Tab

NEXT = "16.4.6"
REACT = "19.3.1"
HEADING = "Shells of the shore"
TAKEN_OVER = """() => Object.keys(document.querySelector('form') ?? {})
  .some((key) => key.startsWith('__react'))"""


def make(folder: Path) -> None:
    shutil.copytree(SOURCES / "next_app", folder / "source")
    packages = (f"next@{NEXT}", f"react@{REACT}", f"react-dom@{REACT}")
    run("npm", "install", "--no-audit", "--no-fund", *packages, cwd=folder / "source")
    (folder / "source" / "public").mkdir()
    pattern = ("-f", "lavfi", "-i", "testsrc2=size=1280x960", "-frames:v", "1")
    run("ffmpeg", "-v", "error", *pattern, "public/shell.png", cwd=folder / "source")
    run("npx", "next", "build", cwd=folder / "source")


def command(folder: Path, port: int) -> list[str]:
    program = folder / "source" / "node_modules" / ".bin" / "next"
    return [str(program), "start", "--port", str(port)]


async def use(tab: Tab, app: ForeignApp) -> str:
    """Go about by links, Back and Forward; submit forms of server actions; see a picture."""
    await tab.wait_for_text(HEADING, timeout_s=90)
    await tab.evaluate("() => { window.stayed = true; }")
    await _picture(tab)
    await click(tab, "a[href='/list']")
    await tab.wait_for_text("The list has 0", timeout_s=60)
    # Before React has taken the form over, a browser sends it by itself, and the page is new.
    await tab.wait_for(TAKEN_OVER, timeout_s=60)
    for number, what in enumerate(("whelk", "cockle"), 1):
        await tab.type("input[name=what]", what)
        await click(tab, "button")
        await tab.wait_for_text(f"The list has {number}", timeout_s=60)
    assert await tab.evaluate("() => window.stayed"), "a form loaded the page again"
    await click(tab, "a[href='/shell/whelk']")
    await tab.wait_for_text("One shell: whelk", timeout_s=60)
    await tab.wait_for("() => document.title === 'whelk'", within="top")
    await tab.back()
    await tab.wait_for_text("The list has 2")
    await tab.forward()
    await tab.wait_for_text("One shell: whelk")
    assert await tab.evaluate("() => window.stayed"), "a link loaded the page again"
    await tab.reload()
    await tab.wait_for_text("One shell: whelk")
    await click(tab, "#empty")
    await tab.wait_for_text("The list has 0", timeout_s=60)
    path = await tab.evaluate("() => location.pathname", within="top")
    assert path == "/list", f"the redirect of an action ended at {path}"
    return "links, Back and Forward, server actions, an optimised picture"


async def _picture(tab: Tab) -> None:
    width = """() => {
      const image = document.querySelector('img');
      return image?.complete ? image.naturalWidth : 0;
    }"""
    await tab.wait_for(width, timeout_s=60)


ENTRY = Entry(ForeignApp("next", f"{NEXT}-1", make, command, workdir="source"), use, limit_s=180)
