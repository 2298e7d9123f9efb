"""What is saved has the app's very bytes, or is seen not to be whole; never a page of ours."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.e2e.acts.visit import visit
from tests.e2e.stack import Stack
from tests.e2e.upstreams.raw import Request, raw_app, response
from tests.support.browser import Browser, until

BYTES = b"<!doctype html><html><head><title>Saved</title></head><body>As it is</body></html>\n" * 9
LINKS = {
    "attachment": "<a id=link href=/page.html?attached>",
    "download": "<a id=link href=/page.html download=page.html>",
    "download that redirects": "<a id=link href=/to-page download=page.html>",
    "attachment behind a redirect": "<a id=link href=/to-attached>",
}
FILE_BYTES = 40_000_000


@pytest.mark.parametrize("link", LINKS)
async def test_a_page_is_saved_byte_for_byte(
    link: str, browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    attached = "Content-Disposition: attachment; filename=page.html"
    async with raw_app() as app:
        app.responses["/"] = response(f"<h1>Start</h1>{LINKS[link]}Save</a>", "text/html")
        fields = [attached] if link.startswith("attachment") else []
        app.responses["/page.html"] = response(BYTES, "text/html", *fields)
        for path in ("/to-page", "/to-attached"):
            redirect = response(
                b"", "text/html", "Location: /page.html?attached", status="302 Found"
            )
            app.responses[path] = redirect
        url = (await shared_stack.expose(fresh_name, app.upstream)).url
        tab = (await visit(browser, url, "Start")).tab
        saved = browser.downloads / "page.html"
        saved.unlink(missing_ok=True)
        await tab.click("#link")
        await until(
            lambda: saved.exists() and saved.stat().st_size > 0, timeout_s=20, what="it is saved"
        )
        assert saved.read_bytes() == BYTES
        assert "Start" in await tab.text()
        saved.unlink()


async def test_a_tab_that_is_opened_for_a_file_shows_so(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    async with raw_app() as app:
        app.responses["/file.bin"] = response(BYTES, "application/octet-stream")
        url = (await shared_stack.expose(fresh_name, app.upstream)).url
        saved = browser.downloads / "file.bin"
        tab = await browser.open(f"{url}file.bin")
        await tab.wait_for_text("download has started", within="top")
        await until(
            lambda: saved.exists() and saved.stat().st_size > 0, timeout_s=20, what="it is saved"
        )
        assert saved.read_bytes() == BYTES
        saved.unlink()


async def test_a_file_whose_box_goes_away_is_not_taken_for_whole(
    browser: Browser, own_stack: Stack, fresh_name: str
) -> None:
    async def slow(_: Request, writer: asyncio.StreamWriter) -> None:
        fields = "Content-Disposition: attachment; filename=large.bin\r\nAccept-Ranges: bytes"
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {FILE_BYTES}\r\n{fields}\r\nETag: 1\r\n\r\n"
        writer.write(head.encode())
        for _ in range(FILE_BYTES // 200_000):
            writer.write(b"y" * 200_000)
            await writer.drain()
            await asyncio.sleep(0.02)

    for path in browser.downloads.iterdir():
        path.unlink()
    async with raw_app() as app:
        app.responses["/"] = response("<h1>Start</h1><a id=link href=/large>Save</a>", "text/html")
        app.responses["/large"] = slow
        url = (await own_stack.expose(fresh_name, app.upstream)).url
        tab = (await visit(browser, url, "Start")).tab
        await tab.click("#link")
        await until(lambda: _part(browser.downloads) > 2_000_000, timeout_s=20, what="it comes")
        await own_stack.kill("agent")
        await tab.wait_for_text("box", within="top")
        whole = browser.downloads / "large.bin"
        assert not whole.exists() or whole.stat().st_size == 0
        parts = [path for path in browser.downloads.iterdir() if path != whole]
        assert all(set(path.read_bytes()) <= {ord("y")} for path in parts)


def _part(folder: Path) -> int:
    return max((path.stat().st_size for path in folder.iterdir()), default=0)
