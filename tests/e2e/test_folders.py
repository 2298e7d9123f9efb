"""A folder as an app in real browsers: what people do in its list."""

from __future__ import annotations

import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from p2claw.agent.access.passwords import hash_of
from tests.e2e.stack import AppUrl, Stack
from tests.support.browser import Browser, until

DOOR = "() => !!document.querySelector('input[type=password]')"
READY = "() => !!document.querySelector('section.uploads')"  # made by the list's script
PASSWORD = "correct horse battery"
CONTENT = bytes(range(256)) * 20_000  # 5 MB


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "holiday"
    (folder / "früh").mkdir(parents=True)
    (folder / "früh" / "a.bin").write_bytes(CONTENT)
    (folder / "b.txt").write_text("text")
    return folder


@pytest.fixture
async def app(shared_stack: Stack, folder: Path, fresh_name: str) -> AsyncIterator[AppUrl]:
    yield await shared_stack.expose(fresh_name, f"folder:{folder}")
    await shared_stack.unexpose(fresh_name)


async def test_a_folder_is_saved_as_a_zip(browser: Browser, app: AppUrl) -> None:
    before = set(browser.downloads.iterdir())  # what other tests have saved
    tab = await browser.open(app.url)
    await tab.wait_for_text("b.txt")
    await tab.click("nav .save")

    def whole() -> list[Path]:
        found = [path for path in browser.downloads.iterdir() if path not in before]
        return [] if any(path.suffix != ".zip" for path in found) else found

    await until(lambda: bool(whole()), timeout_s=30, what="a zip is saved")
    (saved,) = whole()
    assert saved.name == "files.zip"
    with zipfile.ZipFile(saved) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["b.txt", "früh/", "früh/a.bin"]
        assert archive.read("früh/a.bin") == CONTENT
    saved.unlink()


@pytest.fixture
async def inbox(shared_stack: Stack, folder: Path, fresh_name: str) -> AsyncIterator[AppUrl]:
    """The folder, where the invited may add and replace."""
    entry = {
        "upstream": f"folder:{folder}",
        "writable": "replace",
        "guard": {"password": hash_of(PASSWORD)},
    }
    await shared_stack.ask("PUT", f"/v1/routes/{fresh_name}", entry)
    apps = (await shared_stack.ask("GET", "/v1/status"))["apps"]
    (url,) = (AppUrl(one["url"], one["key_url"]) for one in apps if one["app"] == fresh_name)
    yield url
    await shared_stack.unexpose(fresh_name)


async def test_whoever_entered_adds_files_and_says_what_is_replaced(
    browser: Browser, inbox: AppUrl, folder: Path, tmp_path: Path
) -> None:
    chosen = [tmp_path / "new.bin", tmp_path / "b.txt"]
    chosen[0].write_bytes(CONTENT * 2)  # several pieces
    chosen[1].write_text("newer")
    tab = await browser.open(inbox.url)
    await tab.wait_for(DOOR)
    await tab.type("input[type=password]", PASSWORD, enter=True)
    await tab.wait_for(READY)
    await tab.upload("#files", *chosen)
    await tab.wait_for_text("There already")
    await until(lambda: (folder / "new.bin").exists(), timeout_s=30, what="a file is added")
    assert (folder / "new.bin").read_bytes() == CONTENT * 2
    assert (folder / "b.txt").read_text() == "text"
    await tab.click(".uploads li[data-state=failed] .acts button:nth-child(2)")
    await tab.wait_for("() => document.querySelector('.uploads').hidden")  # the list is new
    assert (folder / "b.txt").read_text() == "newer"
    assert sorted(file.name for file in folder.iterdir()) == ["b.txt", "früh", "new.bin"]
    await tab.wait_for_text("new.bin")


async def test_a_file_is_added_by_a_drop(browser: Browser, inbox: AppUrl, folder: Path) -> None:
    tab = await browser.open(inbox.url)
    await tab.wait_for(DOOR)
    await tab.type("input[type=password]", PASSWORD, enter=True)
    await tab.wait_for(READY)
    await tab.evaluate("""() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(["dropped"], "c.txt"));
      for (const kind of ["dragover", "drop"]) {
        const options = { dataTransfer, bubbles: true, cancelable: true };
        document.body.dispatchEvent(new DragEvent(kind, options));
      }
    }""")
    await tab.wait_for_text("c.txt")
    await until(lambda: (folder / "c.txt").exists(), timeout_s=30, what="a file is added")
    assert (folder / "c.txt").read_text() == "dropped"
