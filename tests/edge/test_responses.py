"""Which request gets which response: the bootstrap for navigations, a refusal for all else."""

from __future__ import annotations

import pytest

from tests.edge.conftest import PAGE, Browser
from tests.support.static_site import SHELL, WORKER


def _fetch(mode: str, dest: str, accept: str = "*/*") -> dict[str, str]:
    return {"Sec_Fetch_Mode": mode, "Sec_Fetch_Dest": dest, "Accept": accept}


def _own(dest: str) -> dict[str, str]:
    return {**_fetch("navigate", dest, "text/html"), "Sec_Fetch_Site": "same-origin"}


# name: method, path, fields, status, first word of the content type
_TABLE: dict[str, tuple[str, str, dict[str, str], int, str]] = {
    "a person opens a page": ("GET", "/deep/link?q=1", PAGE, 200, "text/html"),
    "a page in a frame": ("GET", "/", _fetch("navigate", "iframe"), 200, "text/html"),
    "a page in a frameset": ("GET", "/", _fetch("navigate", "frame"), 200, "text/html"),
    "only the head of a page": ("HEAD", "/", PAGE, 200, "text/html"),
    "a browser that says nothing": ("GET", "/", {"Accept": "text/html"}, 200, "text/html"),
    "an address that looks like a script": ("GET", "/app.js", PAGE, 200, "text/html"),
    "health of the app": ("GET", "/healthz", PAGE, 200, "text/html"),
    "the icon, opened as a page": ("GET", "/favicon.ico", PAGE, 200, "text/html"),
    "a script": ("GET", "/app.js", _fetch("no-cors", "script"), 503, "text/plain"),
    "a module": ("GET", "/app.js", _fetch("cors", "script"), 503, "text/plain"),
    "a style": ("GET", "/app.css", _fetch("no-cors", "style", "text/css"), 503, "text/plain"),
    "an image": ("GET", "/a.png", _fetch("no-cors", "image", "image/*"), 503, "text/plain"),
    "a video": ("GET", "/a.mp4", _fetch("no-cors", "video"), 503, "text/plain"),
    "a fetch": ("GET", "/api", _fetch("cors", "empty", "application/json"), 503, "text/plain"),
    "a fetch that takes HTML": (
        "GET",
        "/",
        _fetch("cors", "empty", "text/html"),
        503,
        "text/plain",
    ),
    "an object of an app's page": ("GET", "/", _own("object"), 200, "text/html"),
    "an embed of an app's page": ("GET", "/", _own("embed"), 200, "text/html"),
    "an object of another site's": (
        "GET",
        "/",
        _fetch("navigate", "object", "text/html"),
        503,
        "text/plain",
    ),
    "an embed of another site's": (
        "GET",
        "/",
        _fetch("navigate", "embed", "text/html"),
        503,
        "text/plain",
    ),
    "a worker": ("GET", "/w.js", _fetch("same-origin", "worker"), 503, "text/plain"),
    "a WebSocket": ("GET", "/ws", _fetch("websocket", "empty"), 503, "text/plain"),
    "a preflight": ("OPTIONS", "/api", _fetch("cors", "empty"), 503, "text/plain"),
    "a deletion": ("DELETE", "/api/1", _fetch("cors", "empty"), 503, "text/plain"),
    "a method few know": ("PROPFIND", "/", {}, 503, "text/plain"),
    "a program without a browser": ("GET", "/", {"Accept": "*/*"}, 503, "text/plain"),
    "a program that says nothing at all": ("GET", "/", {}, 503, "text/plain"),
    "the rest of a file": ("GET", "/a.zip", {**PAGE, "Range": "bytes=9-"}, 503, "text/plain"),
    "mode without destination": ("GET", "/", {"Sec_Fetch_Mode": "navigate"}, 503, "text/plain"),
    "the icon": ("GET", "/favicon.ico", _fetch("no-cors", "image"), 404, "text/plain"),
    "a form": ("POST", "/login", PAGE, 405, "text/html"),
    "a form of an old browser": ("POST", "/login", {"Accept": "text/html"}, 405, "text/html"),
    "the page that forgets": ("GET", "/__p2claw/reset", PAGE, 200, "text/html"),
    "the licences": ("GET", "/__p2claw/licences.txt", PAGE, 200, "text/plain"),
    "our worker": ("GET", "/__p2claw/sw.js", {"Service_Worker": "script"}, 200, "text/javascript"),
    "our worker, checked": ("HEAD", "/__p2claw/sw.js", {}, 200, "text/javascript"),
    "our worker, posted": ("POST", "/__p2claw/sw.js", {}, 405, "text/plain"),
    "a worker of the app": ("GET", "/sw.js", {"Service_Worker": "script"}, 404, "text/plain"),
    "a worker, opened as a page": (
        "GET",
        "/sw.js",
        {**PAGE, "Service_Worker": "script"},
        404,
        "text/plain",
    ),
    "the shell by its name": ("GET", "/__p2claw/shell.html", {}, 200, "text/html"),
    "an asset": ("GET", "/__p2claw/assets/shell-0123abcd.js", {}, 200, "text/javascript"),
    "an asset of an older build": ("GET", "/__p2claw/assets/shell-old.js", PAGE, 404, "text/plain"),
    "an asset above the folder": ("GET", "/__p2claw/assets/..%2fsw.js", PAGE, 404, "text/plain"),
    "the manifest is not served": ("GET", "/__p2claw/assets/manifest.json", {}, 404, "text/plain"),
    "nothing of ours": ("GET", "/__p2claw/nothing", PAGE, 404, "text/plain"),
    "no such signalling": ("GET", "/__p2claw/v1/nothing", PAGE, 404, "text/plain"),
}


@pytest.mark.parametrize(
    ("method", "path", "fields", "status", "kind"), _TABLE.values(), ids=_TABLE.keys()
)
async def test_the_response_to(
    browser: Browser, method: str, path: str, fields: dict[str, str], status: int, kind: str
) -> None:
    response = await browser.ask(path, method, **fields)
    assert (response.status, response.fields["Content-Type"].partition(";")[0]) == (status, kind)


@pytest.mark.parametrize("name", [name for name, row in _TABLE.items() if row[3] >= 400])
async def test_no_refusal_is_the_bootstrap_or_kept(browser: Browser, name: str) -> None:
    method, path, fields, _, _ = _TABLE[name]
    response = await browser.ask(path, method, **fields)
    assert (SHELL in response.body, response.fields["Cache-Control"]) == (False, "no-store")


async def test_what_a_page_of_an_app_embeds_is_empty_and_not_kept(browser: Browser) -> None:
    response = await browser.ask("/", **_own("object"))
    assert (response.body, response.fields["Cache-Control"]) == (b"", "no-store")


async def test_every_host_gets_the_same_bootstrap(browser: Browser) -> None:
    bodies = [
        (await browser.ask(host=browser.server.host(label), **PAGE)).body
        for label in ("dog-purplecrab", "purplecrab", "cat-redfox", "not_a_name", "a.b")
    ]
    assert bodies == [SHELL] * 5


async def test_the_worker_script_is_the_one_that_was_built(browser: Browser) -> None:
    assert (await browser.ask("/__p2claw/sw.js")).body == WORKER


async def test_a_head_request_gets_the_length_and_no_more(browser: Browser) -> None:
    response = await browser.ask("/", "HEAD", **PAGE)
    assert (response.fields["Content-Length"], response.body) == (str(len(SHELL)), b"")


async def test_a_form_gets_a_page_for_people(browser: Browser) -> None:
    response = await browser.ask("/login", "POST", data=b"password=secret", **PAGE)
    assert b"<h1>Open the address first</h1>" in response.body


async def test_the_bare_parent_shows_what_runs_there(browser: Browser) -> None:
    response = await browser.ask(host=f"localhost:{browser.server.port}", **PAGE)
    assert response.status == 200 and b"&lt;app&gt;-&lt;alias&gt;.localhost" in response.body


async def test_below_the_bare_parent_there_is_nothing(browser: Browser) -> None:
    assert (await browser.ask("/x", host="localhost", **PAGE)).status == 404


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "evillocalhost",
        "127.0.0.1:1",
        "[::1]",
        "",
        "a.localhost:port",
        "a.localhost/../b",
        "é.localhost",
    ],
)
async def test_a_host_that_is_not_ours_gets_nothing(browser: Browser, host: str) -> None:
    response = await browser.ask(host=host, **PAGE)
    assert (response.status, SHELL in response.body) == (421, False)


@pytest.mark.parametrize("host", ["DOG-purplecrab.LocalHost", "dog-purplecrab.localhost.:80"])
async def test_a_host_may_be_written_in_other_ways(browser: Browser, host: str) -> None:
    assert (await browser.ask(host=host, **PAGE)).body == SHELL
