"""The app is printed as directly: by the browser's menu, by its shortcut, by the app itself."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.e2e.stack import Stack
from tests.e2e.upstreams.canned import CannedSite, canned_site, page
from tests.support.browser import Browser, Within
from tests.support.upstreams import OK

SHOTS = Path(__file__).with_name("shots") / "printing"
PARAGRAPHS = "".join(f"<p>Paragraph {i} speaks of kettle{i} and its water.</p>" for i in range(200))
BOOK = f"""<!doctype html><html class=book lang=en><title>Book</title>
<link rel=icon href=/red.svg><link rel=stylesheet href=/style/book.css>
<style media=print>nav {{ display: none }} .book h1::after {{ content: " on paper" }}</style>
<body><nav>Menu</nav><h1>Book</h1><img src=/red.svg width=120 height=60>
<canvas width=120 height=60></canvas><input><select><option>one<option>two</select>
<textarea>old</textarea><div id=host></div><p id=late></p>{PARAGRAPHS}<script>
  window.events = [];
  const drawn = document.querySelector("canvas").getContext("2d");
  drawn.fillStyle = "blue"; drawn.fillRect(0, 0, 120, 60);
  document.querySelector("#host").attachShadow({{ mode: "open" }}).innerHTML = "<b>Shadowed</b>";
  document.querySelector("input").value = "entered";
  document.querySelector("textarea").value = "written";
  document.querySelector("select").value = "two";
  for (const type of ["beforeprint", "afterprint"]) addEventListener(type, () => {{
    events.push(type); late.textContent = type === "beforeprint" ? "Added for paper" : "";
  }});
  matchMedia("print").addEventListener("change", ({{ matches }}) => events.push(matches));
</script></body></html>"""
ICON = """() => top.__p2claw === undefined
  || document.querySelector("link[rel=icon]").href.startsWith("data:image")"""
# An import, a picture by a relative address, and sheets of a size of their own.
SHEET = b"""@import "inner.css"; @page { size: a5; margin: 15mm }
body { font: 16px/1.5 serif; background: none } main { position: static }"""
INNER = b"p { break-inside: avoid } h1 { background: url(../red.svg) }"
RED = b'<svg xmlns="http://www.w3.org/2000/svg" width="120" height="60"><rect fill="red" \
width="120" height="60"/></svg>'


def file(body: bytes, content_type: str) -> bytes:
    head = f"content-type: {content_type}\r\ncontent-length: {len(body)}\r\n\r\n"
    return OK + head.encode() + body


@pytest_asyncio.fixture(loop_scope="session")
async def book(shared_stack: Stack, fresh_name: str) -> AsyncIterator[CannedSite]:
    responses = {
        "/": page(BOOK.encode()),
        "/style/book.css": file(SHEET, "text/css"),
        "/style/inner.css": file(INNER, "text/css"),
        "/red.svg": file(RED, "image/svg+xml"),
    }
    async with canned_site(shared_stack, fresh_name, responses) as site:
        yield site


async def output(*argv: str) -> str:
    process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
    out, _ = await asyncio.wait_for(process.communicate(), 30)
    return out.decode()


async def test_the_menu_prints_every_page_of_the_app(
    browser: Browser, book: CannedSite, tmp_path: Path
) -> None:
    words, sheets, events = [], [], []
    sides: tuple[tuple[str, Within], ...] = ((book.app.upstream, "top"), (book.url, "app"))
    for url, within in sides:
        tab = await browser.open(url, within=within)
        await tab.wait_for("() => document.readyState === 'complete'")
        # With the icon of the app what copies it is there too.
        await tab.wait_for(ICON, within="top")
        paper = await tab.pdf(tmp_path / f"{within}.pdf")
        text = await output("pdftotext", str(paper), "-")
        words.append(Counter(text.split()))
        facts = (await output("pdfinfo", str(paper))).splitlines()
        sheets.append([line for line in facts if line.startswith(("Pages", "Page size"))])
        events.append(await tab.evaluate("() => events"))
        SHOTS.mkdir(parents=True, exist_ok=True)
        shot = str(SHOTS / f"{browser.kind}-{within}")
        await output("pdftoppm", "-r", "50", "-png", "-l", "1", str(paper), shot)
    assert sheets[1] == sheets[0]
    assert words[1] == words[0]
    assert events[1] == events[0]


async def test_the_shortcut_prints_the_frame(browser: Browser, book: CannedSite) -> None:
    spied = "window.printed = 0; window.print = () => { window.printed += 1; };"
    tab = await browser.open(f"{book.url}/", preload=spied)
    await tab.wait_for_text("Paragraph 199")
    await tab.click("h1")
    await tab.press("Control", "p")
    await tab.wait_for("() => window.printed === 1")
    assert await tab.evaluate("() => window.printed", within="top") == 0
    await tab.evaluate("() => document.addEventListener('keydown', (e) => e.preventDefault())")
    await tab.press("Control", "p")
    await tab.press("x")
    assert await tab.evaluate("() => window.printed") == 1
