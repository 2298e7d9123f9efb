"""Next.js, under its development server and built: links, forms of server actions, pictures."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp, run
from tests.e2e.table.entry import SOURCES, Entry, click
from tests.support.browser import Tab

NEXT = "16.4.6"
REACT = "19.3.1"
SETTLED_S = 4
HEADING = "Shells of the shore"
CLICKABLE = """() => Object.keys(document.querySelector('#count') ?? {})
  .some((key) => key.startsWith('__react'))"""
TAKEN_OVER = """() => Object.keys(document.querySelector('form') ?? {})
  .some((key) => key.startsWith('__react'))"""


def _make(folder: Path) -> None:
    shutil.copytree(SOURCES / "next_app", folder / "source")
    packages = (f"next@{NEXT}", f"react@{REACT}", f"react-dom@{REACT}")
    run("npm", "install", "--no-audit", "--no-fund", *packages, cwd=folder / "source")
    (folder / "source" / "public").mkdir()
    pattern = ("-f", "lavfi", "-i", "testsrc2=size=1280x960", "-frames:v", "1")
    run("ffmpeg", "-v", "error", *pattern, "public/shell.png", cwd=folder / "source")


def _make_built(folder: Path) -> None:
    _make(folder)
    run("npx", "next", "build", cwd=folder / "source")


def _next(verb: str, folder: Path, port: int) -> list[str]:
    program = folder / "source" / "node_modules" / ".bin" / "next"
    return [str(program), verb, "--port", str(port)]


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


async def use_dev(tab: Tab, app: ForeignApp) -> str:
    """Change a component and a page while they are shown: both change, and state is kept."""
    await tab.wait_for_text(HEADING, timeout_s=90)
    await _count(tab, "count 1")
    # Next.js misses, now and then, what changes while it still compiles; directly, too.
    await asyncio.sleep(SETTLED_S)
    await tab.evaluate("() => { window.stayed = true; }")
    with _changed(app.folder / "source" / "app" / "counter.js", "count {", "claws {"):
        await tab.wait_for_text("claws 1", timeout_s=60)
        with _changed(app.folder / "source" / "app" / "page.js", HEADING, "Claws of the shore"):
            await tab.wait_for_text("Claws of the shore", timeout_s=60)
            await tab.wait_for_text("claws 1")
            assert await tab.evaluate("() => window.stayed"), "the page was loaded again"
            await tab.reload()
            await tab.wait_for_text("Claws of the shore", timeout_s=60)
            await _count(tab, "claws 1")
    return "hot updates of a component and of a page, state kept; F5"


async def _count(tab: Tab, expected: str) -> None:
    await tab.wait_for(CLICKABLE, timeout_s=60)
    await click(tab, "#count")
    await tab.wait_for_text(expected)


@contextlib.contextmanager
def _changed(file: Path, old: str, new: str) -> Iterator[None]:
    before = file.read_text()
    assert old in before
    file.write_text(before.replace(old, new))
    try:
        yield
    finally:
        file.write_text(before)


async def _picture(tab: Tab) -> None:
    width = """() => {
      const image = document.querySelector('img');
      return image?.complete ? image.naturalWidth : 0;
    }"""
    await tab.wait_for(width, timeout_s=60)


def _dev(folder: Path, port: int) -> list[str]:
    shutil.rmtree(folder / "source" / ".next" / "dev", ignore_errors=True)
    return _next("dev", folder, port)


def _start(folder: Path, port: int) -> list[str]:
    return _next("start", folder, port)


DEV = Entry(ForeignApp("nextdev", f"{NEXT}-1", _make, _dev, workdir="source"), use_dev, limit_s=240)
BUILT = Entry(
    ForeignApp("next", f"{NEXT}-1", _make_built, _start, workdir="source"), use, limit_s=180
)
ENTRIES = (DEV, BUILT)
