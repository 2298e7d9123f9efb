"""A file is saved under the name that the same browser gives it directly."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.acts.beside import Beside, beside
from tests.e2e.stack import Stack
from tests.e2e.upstreams.raw import response
from tests.support.browser import Browser, Tab, until

NAMES = {
    "raw UTF-8": 'attachment; filename="\u4f1a\u8bae \u8bb0\u5f55.bin"'.encode(),
    "latin-1": 'attachment; filename="\xfcber.bin"'.encode("latin-1"),
    "extended": b"attachment; filename=plain.bin; filename*=UTF-8''%C3%BCber.bin",
}


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def page(running_browser: Browser, shared_stack: Stack) -> AsyncIterator[Beside]:
    async with beside(running_browser, shared_stack, "names") as opened:
        yield opened


async def _saved(browser: Browser, tab: Tab) -> str:
    """Save it, and forget it."""

    def whole() -> list[str]:
        names = [path.name for path in browser.downloads.iterdir()]
        return [name for name in names if not name.endswith((".part", ".crdownload"))]

    await tab.front()
    await tab.evaluate("() => { location.href = '/saved'; }")
    await until(lambda: bool(whole()), timeout_s=20, what="a file is saved")
    (name,) = whole()
    for path in browser.downloads.iterdir():
        path.unlink()
    return name


@pytest.mark.parametrize("kind", NAMES)
async def test_a_name_of_any_octets_is_kept(page: Beside, kind: str) -> None:
    for path in page.browser.downloads.iterdir():
        path.unlink()
    field = f"Content-Disposition: {NAMES[kind].decode('latin-1')}"
    page.app.responses["/saved"] = response(b"bytes", "application/octet-stream", field)
    direct = await _saved(page.browser, page.direct)
    # Directly one browser takes a latin-1 name for none, and names the file by its URL.
    expected = "über.bin" if kind == "latin-1" else direct
    assert await _saved(page.browser, page.through) == expected
