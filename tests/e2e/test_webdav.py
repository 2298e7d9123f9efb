"""WebDAV through a page's fetch: URLs of the app in a request are the app's own there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.e2e.acts.visit import visit
from tests.e2e.apps import WEBDAV
from tests.e2e.stack import Stack
from tests.support.browser import Browser, Tab
from tests.support.nginx import nginx

ASK = """async (method, path, fields, body) => {
  const headers = {};
  for (const [name, value] of Object.entries(fields)) {
    headers[name] = value.replaceAll('HERE', location.origin);
  }
  const response = await fetch(path, { method, headers, body });
  return [response.status, response.headers.get('lock-token') ?? '', await response.text()];
}"""

LOCK = """<?xml version="1.0"?><lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope>
<locktype><write/></locktype></lockinfo>"""

NGINX = "location / { dav_methods PUT DELETE MKCOL COPY MOVE; create_full_put_path on; }"


async def _ask(
    tab: Tab, method: str, path: str, body: str | None = None, **fields: str
) -> list[Any]:
    response: list[Any] = await tab.evaluate(ASK, method, path, fields, body)
    return response


async def _status(tab: Tab, method: str, path: str, body: str | None = None, **fields: str) -> int:
    return int((await _ask(tab, method, path, body, **fields))[0])


async def _move_and_copy(tab: Tab) -> None:
    assert await _status(tab, "PUT", "/a%20b.txt", "crab") in (201, 204)
    copied = await _status(tab, "COPY", "/a%20b.txt", Destination="HERE/c%20d.txt", Overwrite="T")
    assert copied in (201, 204)
    moved = await _status(tab, "MOVE", "/a%20b.txt", Destination="HERE/e.txt", Overwrite="T")
    assert moved in (201, 204)
    assert await _status(tab, "GET", "/a%20b.txt") == 404
    assert (await _ask(tab, "GET", "/c%20d.txt"))[2] == "crab"
    assert (await _ask(tab, "GET", "/e.txt"))[2] == "crab"


async def test_a_file_is_moved_copied_and_locked_by_wsgidav(
    browser: Browser, shared_stack: Stack, fresh_name: str, tmp_path: Path
) -> None:
    async with WEBDAV.serve(tmp_path / "webdav.log") as port:
        address = await shared_stack.expose(fresh_name, str(port))
        tab = (await visit(browser, f"{address.url}index.html", "A page among")).tab
        await _move_and_copy(tab)
        status, _, listing = await _ask(tab, "PROPFIND", "/", Depth="1")
        assert (status, "/e.txt" in listing) == (207, True)

        status, token, _ = await _ask(tab, "LOCK", "/e.txt", LOCK, Timeout="Second-60")
        assert (status, token[:1]) == (200, "<")
        assert await _status(tab, "PUT", "/e.txt", "squid") == 423
        tagged = f"<HERE/e.txt> ({token})"
        assert await _status(tab, "PUT", "/e.txt", "squid", If=tagged) == 204
        assert await _status(tab, "UNLOCK", "/e.txt", **{"Lock-Token": token}) == 204
        await shared_stack.unexpose(fresh_name)


async def test_a_file_is_moved_and_copied_by_nginx(
    browser: Browser, shared_stack: Stack, fresh_name: str, tmp_path: Path
) -> None:
    async with nginx(tmp_path, locations=NGINX) as port:
        (tmp_path / "www" / "index.html").write_text("<!doctype html><p>A page among the files")
        address = await shared_stack.expose(fresh_name, str(port))
        tab = (await visit(browser, address.url, "A page among")).tab
        await _move_and_copy(tab)
        await shared_stack.unexpose(fresh_name)
