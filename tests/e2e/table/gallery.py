"""Five hundred pictures on one page, by nginx."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp, run
from tests.e2e.table.entry import Entry
from tests.e2e.table.nginx_site import ffmpeg, nginx_command
from tests.support.browser import Tab

COUNT = 500
PAGE = """<!doctype html><title>Gallery</title><style>img {{ width: 60px }}</style>
<h1>Five hundred</h1>{}"""
LOADED = """() => [...document.images].filter((i) => i.complete && i.naturalWidth === 320).length"""


def make(folder: Path) -> None:
    (folder / "www").mkdir()
    pattern = ("-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25", "-frames:v", str(COUNT))
    run(*ffmpeg(*pattern, "-q:v", "3", "www/%03d.jpg"), cwd=folder)
    images = "".join(f'<img src="{number:03}.jpg" alt="">' for number in range(1, COUNT + 1))
    (folder / "www" / "index.html").write_text(PAGE.format(images))


async def use(tab: Tab, app: ForeignApp) -> str:
    """All of them, and all of them again after F5."""
    for _ in range(2):
        await tab.wait_for(f"() => ({LOADED})() === {COUNT}", timeout_s=60)
        await tab.reload()
    await tab.wait_for(f"() => ({LOADED})() === {COUNT}", timeout_s=60)
    return f"{COUNT} pictures, three times"


ENTRY = Entry(ForeignApp("gallery", "1", make, nginx_command), use, limit_s=180)
