"""copyparty, a file server: uploads in pieces that workers have hashed, and downloads."""

from __future__ import annotations

import asyncio
import random
import shutil
from hashlib import sha256
from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp, virtual_env
from tests.e2e.table.entry import Entry, click
from tests.support.browser import Tab, until

COPYPARTY = "1.20.26"
SIZE = 48 * 10**6
LINK = """name => [...document.querySelectorAll('#files a')]
  .find((link) => link.textContent === name)"""


def make(folder: Path) -> None:
    virtual_env(folder, f"copyparty=={COPYPARTY}")


def command(folder: Path, port: int) -> list[str]:
    share = folder / "share"
    shutil.rmtree(share, ignore_errors=True)
    share.mkdir()
    python = str(folder / "venv" / "bin" / "python")
    return [python, "-m", "copyparty", "-i", "127.0.0.1", "-p", str(port), "-v", f"{share}::rwmd"]


async def use(tab: Tab, app: ForeignApp) -> str:
    """Upload 48 MB, see it in the list, save it again, make a folder and go into it."""
    file = app.folder / "claws.bin"
    file.write_bytes(random.Random(7).randbytes(SIZE))
    there = app.folder / "share" / file.name
    await tab.wait_for_text("this folder is empty", timeout_s=60)
    await tab.upload("#file1", file)
    await click(tab, "#modal-ok")
    await tab.wait_for(f"name => Boolean(({LINK})(name))", file.name, timeout_s=90)
    assert _sum(there) == _sum(file), "what was uploaded is not what was chosen"
    await tab.wait_for(f"name => {{ ({LINK})(name).click(); return true; }}", file.name)
    saved = tab.browser.downloads / file.name
    await until(lambda: saved.exists() and saved.stat().st_size == SIZE, timeout_s=60, what="saved")
    await asyncio.sleep(0.5)
    assert _sum(saved) == _sum(file), "what was saved is not what was uploaded"
    return f"{SIZE // 10**6} MB uploaded in pieces, hashed by workers, and saved again"


def _sum(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()


ENTRY = Entry(ForeignApp("copyparty", COPYPARTY, make, command), use, limit_s=150)
