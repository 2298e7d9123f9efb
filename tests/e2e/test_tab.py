"""What browsers, phones and people take from the document at the top is the app's."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.acts.visit import visit
from tests.e2e.stack import Stack
from tests.e2e.upstreams.canned import CannedSite, canned_site, page
from tests.support.browser import Browser
from tests.support.upstreams import OK

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z"/></svg>'
HEAD = """<meta charset=utf-8><title>Kettle</title><base href=/deep/>
<meta name=viewport content="width=1024, viewport-fit=cover">
<meta name=theme-color media="(prefers-color-scheme: dark)" content=#111>
<meta name=theme-color content=#eee><meta name=color-scheme content=dark>
<meta name=description content=Tea><meta name=apple-mobile-web-app-title content=Tea>
<link rel="shortcut icon" href=small.svg sizes=16x16>
<link rel=icon href="data:image/svg+xml,%3Csvg/%3E" media="(prefers-color-scheme: dark)">
<link rel=apple-touch-icon href=/touch.svg>
<link rel=alternate type=application/rss+xml href=/feed.xml title=News>
<link rel=stylesheet href=/none.css>"""
KETTLE = f"<!doctype html><html lang=fi dir=rtl><head>{HEAD}</head><body>Kettle</body></html>"
INSTALLABLE = """<!doctype html><link rel=manifest href=/app/app.webmanifest>
<title>Install</title><p>Installable<script>
  addEventListener("beforeinstallprompt", (event) => {
    document.title = `${event.platforms} ${typeof event.prompt}`;
  });</script>"""
PICTURE = {"src": "../touch.svg", "sizes": "any", "type": "image/svg+xml"}
MANIFEST = {
    "name": "Kettle",
    "start_url": "begin?from=home",
    "display": "standalone",
    "icons": [PICTURE],
    "shortcuts": [{"name": "Pour", "url": "pour"}],
}
TAKEN = """() => [...document.querySelectorAll("meta, link")]
  .filter((one) => one.name !== "viewport" || one.content)
  .map((one) => [one.rel || one.name, one.media, one.content || one.href.slice(0, 25)].join("|"))"""
FILLED = "() => [...document.querySelectorAll('link')].every((one) => one.href !== 'data:,')"


def file(body: bytes, content_type: str) -> bytes:
    length = f"content-type: {content_type}\r\ncontent-length: {len(body)}\r\n\r\n"
    return OK + length.encode() + body


@pytest_asyncio.fixture(loop_scope="session")
async def kettle(shared_stack: Stack, fresh_name: str) -> AsyncIterator[CannedSite]:
    svg = file(SVG, "image/svg+xml")
    responses = {
        "/": page(KETTLE.encode()),
        "/deep/small.svg": svg,
        "/touch.svg": svg,
        "/favicon.ico": svg,
        "/bare": page(b"<!doctype html><title>Bare</title>Bare"),
        "/install": page(INSTALLABLE.encode()),
        "/app/app.webmanifest": file(json.dumps(MANIFEST).encode(), "application/json"),
    }
    async with canned_site(shared_stack, fresh_name, responses) as site:
        yield site


async def test_the_tab_has_the_head_of_the_app(browser: Browser, kettle: CannedSite) -> None:
    tab = (await visit(browser, f"{kettle.url}/", "Kettle")).tab
    await tab.wait_for(FILLED, within="top")
    data = "data:image/svg+xml;base64"
    assert await tab.evaluate(TAKEN, within="top") == [
        "viewport||width=1024, viewport-fit=cover",
        "theme-color|(prefers-color-scheme: dark)|#111",
        "theme-color||#eee",
        "color-scheme||dark",
        "description||Tea",
        "apple-mobile-web-app-title||Tea",
        f"shortcut icon||{data}",
        "icon|(prefers-color-scheme: dark)|data:image/svg+xml,%3Csvg",
        f"apple-touch-icon||{data}",
        f"alternate||{kettle.url}/feed.xml"[:36],
    ]
    root = "() => [document.documentElement.lang, document.documentElement.dir, document.title]"
    assert await tab.evaluate(root, within="top") == ["fi", "rtl", "Kettle"]


async def test_the_tab_follows_what_the_app_changes_in_its_head(
    browser: Browser, kettle: CannedSite
) -> None:
    tab = (await visit(browser, f"{kettle.url}/", "Kettle")).tab
    await tab.evaluate("""() => {
        document.title = "Boiling";
        document.documentElement.lang = "sv";
        document.querySelector("[name=viewport]").content = "width=device-width";
        document.querySelector("[name=theme-color]:not([media])").remove();
        document.querySelector("[rel=icon]").href = "data:image/gif,changed";
    }""")
    await tab.wait_for(
        """() => document.title === "Boiling" && document.documentElement.lang === "sv"
          && document.querySelectorAll("[name=theme-color]").length === 1
          && document.querySelector("[name=viewport]").content === "width=device-width"
          && document.querySelector("[rel=icon]").href === "data:image/gif,changed" """,
        within="top",
    )
    await tab.evaluate("() => location.assign('/bare')")
    # Of an app that names no icon it is the one that browsers look for.
    await tab.wait_for(
        """() => document.title === "Bare" && !document.querySelector("[name=theme-color]")
          && document.documentElement.lang === ""
          && document.querySelector("[rel=icon]").href.startsWith("data:image/svg+xml;base64")""",
        within="top",
    )
    assert kettle.app.asked_for("/favicon.ico")


async def test_an_icon_and_a_manifest_out_of_a_blob_are_the_tabs(
    browser: Browser, kettle: CannedSite
) -> None:
    tab = (await visit(browser, f"{kettle.url}/bare", "Bare")).tab
    await tab.evaluate(
        """([picture, manifest]) => {
            const address = (text, type) => URL.createObjectURL(new Blob([text], { type }));
            const [icon, app] = ["icon", "manifest"].map((rel) =>
              Object.assign(document.createElement("link"), { rel }));
            icon.href = address(picture, "image/svg+xml");
            app.href = address(JSON.stringify(manifest), "application/manifest+json");
            document.head.append(icon, app);
        }""",
        [SVG.decode(), {**MANIFEST, "start_url": f"{kettle.url}/begin"}],
    )
    own = await tab.evaluate("() => document.querySelector('[rel=icon]').href")
    assert own.startswith("blob:")
    await tab.wait_for(
        "href => document.querySelector('[rel=icon]').href === href", own, within="top"
    )
    if browser.kind == "chromium":
        found = await tab.wait_for(
            """() => document.querySelector("[rel=manifest]").href.startsWith("blob:")""",
            within="top",
        )
        assert found
        read = await tab.cdp("Page.getAppManifest")
        assert json.loads(read["data"])["name"] == MANIFEST["name"], read
    refused = [line for line in tab.console if "Content" in line and "Policy" in line]
    assert not refused, refused


@pytest_asyncio.fixture(loop_scope="session")
async def phone(tmp_path: Path) -> AsyncIterator[Browser]:
    """Chromium, of a size and with fingers as a phone."""
    browser = await Browser.launch("chromium", tmp_path)
    yield browser
    await browser.close()


VIEWPORTS = {
    "none": "",
    "wide": "width=1024",
    "device": "width=device-width, initial-scale=1, viewport-fit=cover, user-scalable=no",
    "large": "width=device-width, initial-scale=2, maximum-scale=2",
}
SIZES = """() => [innerWidth, innerHeight, document.documentElement.clientWidth,
  visualViewport.width, visualViewport.scale, screen.width, matchMedia("(pointer: coarse)").matches,
  "ontouchstart" in window]"""


@pytest.mark.parametrize("viewport", VIEWPORTS)
async def test_a_phone_lays_the_app_out_as_directly(
    viewport: str, phone: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    meta = f'<meta name=viewport content="{VIEWPORTS[viewport]}">' if VIEWPORTS[viewport] else ""
    body = page(f"<!doctype html>{meta}<title>Sized</title><h1>Sized</h1>".encode())
    seen = []
    async with canned_site(shared_stack, fresh_name, {"/": body}) as site:
        for url, within in ((site.app.upstream, "top"), (site.url, "app")):
            tab = await phone.open("about:blank", within=within)
            metrics = {"width": 390, "height": 844, "deviceScaleFactor": 3, "mobile": True}
            await tab.cdp("Emulation.setDeviceMetricsOverride", **metrics)
            await tab.cdp("Emulation.setTouchEmulationEnabled", enabled=True)
            await tab.goto(url)
            await tab.wait_for_text("Sized")
            await tab.wait_for("() => document.readyState === 'complete'")
            await tab.screenshot(Path("tests/e2e/shots/tab") / f"{viewport}-{within}.png")
            seen.append(await tab.evaluate(SIZES))
    assert seen[1] == seen[0]


async def test_an_app_can_be_installed(phone: Browser, kettle: CannedSite) -> None:
    tab = (await visit(phone, f"{kettle.url}/install", "Installable")).tab
    await tab.wait_for(
        "() => document.querySelector('[rel=manifest][href]') !== null", within="top"
    )
    found = await tab.cdp("Page.getAppManifest")
    assert found["errors"] == []
    manifest = json.loads(found["data"])
    assert manifest["start_url"] == f"{kettle.url}/app/begin?from=home"
    assert manifest["scope"] == f"{kettle.url}/app/"
    assert manifest["shortcuts"][0]["url"] == f"{kettle.url}/app/pour"
    faults = await tab.cdp("Page.getInstallabilityErrors")
    assert faults["installabilityErrors"] == []
