"""nginx behind HTTP Basic: a page, its style, its picture and what its script asks for."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp, run
from tests.e2e.table.entry import SOURCES, Entry
from tests.e2e.table.nginx_site import ffmpeg, nginx_command
from tests.support.browser import Tab

USER, PASSWORD = "crab", "claws-and-all"
SERVER = """        auth_basic "The back room";
        auth_basic_user_file {}/htpasswd;"""
DIALOG = "() => document.querySelector('dialog')?.open"
ASKS_ANEW = """() => {
  const dialog = document.querySelector('dialog');
  return !dialog?.open || dialog.querySelector('input[type=password]').value === '';
}"""


def make(folder: Path) -> None:
    shutil.copytree(SOURCES / "basic_auth", folder / "www")
    pattern = ("-f", "lavfi", "-i", "testsrc2=size=320x240", "-frames:v", "1")
    run(*ffmpeg(*pattern, "www/picture.png"), cwd=folder)
    (folder / "htpasswd").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")


def command(folder: Path, port: int) -> list[str]:
    return nginx_command(folder, port, server=SERVER.format(folder))


async def use(tab: Tab, app: ForeignApp) -> str:
    """A wrong password is asked for again; the right one holds for the page and all its parts."""
    for password in ("wrong", PASSWORD):
        await tab.wait_for(DIALOG, within="top")
        await tab.type("dialog input[autocomplete=username]", USER, within="top")
        await tab.type("dialog input[type=password]", password, enter=True, within="top")
        await tab.wait_for(
            f"() => !({DIALOG})() || !document.querySelector('input[type=password]').value",
            within="top",
        )
    await tab.wait_for_text("The back room is open")
    await tab.wait_for_text("fetched: 3 crabs")
    await tab.wait_for("() => document.querySelector('img').naturalWidth === 320")
    colour = await tab.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert colour == "rgb(10, 60, 90)", colour
    await tab.reload()
    await tab.wait_for_text("fetched: 3 crabs")
    return "asked twice, then page, style, picture, fetch, F5"


ENTRY = Entry(ForeignApp("httpbasic", "1", make, command), use)
