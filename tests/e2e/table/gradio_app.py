"""Gradio: a file goes up, what a generator yields comes down as it is made."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp, virtual_env
from tests.e2e.table.entry import SOURCES, Entry, click
from tests.support.browser import Tab

GRADIO = "6.31.0"
DOWNLOAD = """async () => {
  const response = await fetch([...document.querySelectorAll('a[download]')].at(-1).href);
  return (await response.text()).length;
}"""


def make(folder: Path) -> None:
    virtual_env(folder, f"gradio=={GRADIO}")
    shutil.copy(SOURCES / "gradio_app.py", folder / "app.py")


def command(folder: Path, port: int) -> list[str]:
    return [str(folder / "venv" / "bin" / "python"), "app.py", str(port)]


async def use(tab: Tab, app: ForeignApp) -> str:
    """Upload a file, submit, see a first and a last step, download the result."""
    await tab.wait_for_text("Count the claws", timeout_s=60)
    await tab.wait_for("() => document.querySelector('input[type=file]') !== null")
    file = tab.browser.folder / "claws.txt"
    file.write_text("claw\n" * 5_000)
    await tab.upload("input[type=file]", file)
    # Its name is drawn in two pieces, which Firefox puts on two lines of text.
    await tab.wait_for("() => /claws\\s*\\.txt/.test(document.body.innerText)")
    await click(tab, "button.primary")
    value = "() => [...document.querySelectorAll('textarea')].map((t) => t.value).join(' ')"
    await tab.wait_for(f"() => ({value})().includes('step 1 of 5')")
    await tab.wait_for(f"() => ({value})().includes('step 5 of 5: 25000 bytes')")
    # The first link is that of the file that was uploaded.
    await tab.wait_for("() => document.querySelectorAll('a[download]').length === 2")
    size = await tab.evaluate(DOWNLOAD)
    assert size == 25_000, size
    return "upload, streamed steps, download"


ENTRY = Entry(ForeignApp("gradio", f"{GRADIO}-1", make, command), use, limit_s=180)
