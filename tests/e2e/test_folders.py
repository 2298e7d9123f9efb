"""A folder as an app in real browsers: what people do in its list."""

from __future__ import annotations

import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.stack import AppUrl, Stack
from tests.support.browser import Browser, until

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
    tab = await browser.open(app.url)
    await tab.wait_for_text("b.txt")
    await tab.click("nav .save")

    def whole() -> list[Path]:
        found = list(browser.downloads.iterdir())
        return [] if any(path.suffix != ".zip" for path in found) else found

    await until(lambda: bool(whole()), timeout_s=30, what="a zip is saved")
    (saved,) = whole()
    assert saved.name == "files.zip"
    with zipfile.ZipFile(saved) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["b.txt", "früh/", "früh/a.bin"]
        assert archive.read("früh/a.bin") == CONTENT
    saved.unlink()
