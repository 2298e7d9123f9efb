"""The page that an app's scripts see is the one that the app sent: our script leaves no trace."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.acts.beside import Beside, beside
from tests.e2e.stack import Stack
from tests.e2e.upstreams.raw import response
from tests.support.browser import Browser

HTML, XHTML = "text/html", "application/xhtml+xml"
XMLNS = 'xmlns="http://www.w3.org/1999/xhtml"'

# parent: masked by our script, so that it equals the window itself only where that ran.
TREE = """() => ({
  html: document.documentElement.outerHTML, mode: document.compatMode, title: document.title,
  encoding: document.characterSet, type: document.contentType, first: window.first ?? null,
  nodes: [...document.childNodes].map((node) => node.nodeName), shimmed: parent === window,
})"""
FIRST = "<script>first = document.documentElement.outerHTML + document.scripts.length</script>"

PAGES = {
    "attributes with signs of tags": (
        f"<!doctype html><html data-y='<head>'><head data-x='a>b'>{FIRST}<title>t</title>",
        HTML,
    ),
    "comments around": (f"<!-- <head> --><!doctype html><!-->\n<html><!-- b --><p>{FIRST}", HTML),
    "a script before the head": (f"<!doctype html>{FIRST}<head data-z=1><title>x", HTML),
    "a template before the head": (f"<!doctype html><template><head></template>{FIRST}", HTML),
    "no doctype": (f"<p>x{FIRST}", HTML),
    "a doctype of old": (
        f'<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN"><title>x</title>{FIRST}',
        HTML,
    ),
    "a frameset": ("<title>f</title><frameset cols='50%,*'><frame src=/></frameset>", HTML),
    "text alone": ("hello", HTML),
    "XHTML": (f"<!DOCTYPE html><html {XMLNS}>\n<head>{FIRST}<title>t</title></head></html>", XHTML),
    "XHTML with an empty head": (f"<html {XMLNS}><head/><body>{FIRST}</body></html>", XHTML),
    "XHTML without a head": (f"<html {XMLNS}><body>{FIRST}</body></html>", XHTML),
}

SRCDOC = (
    f"<!doctype html><html lang=en><head class='a>b'>{FIRST}<title>t</title>",
    f"<!-->\n<!-- <head> --><!DOCTYPE html PUBLIC '-//W3C//DTD HTML 3.2 Final//EN'><p>{FIRST}",
    f"<p>x{FIRST}",
)
# The same of a frame that is given its page.
GIVEN = """async (text, tree) => {
  const frame = document.createElement("iframe");
  frame.srcdoc = text;
  document.body.append(frame);
  const page = () => frame.contentWindow;
  while (page().document.readyState !== "complete" || !page().first)
    await new Promise((done) => setTimeout(done, 20));
  const seen = page().eval(`(${tree})()`);
  frame.remove();
  return seen;
}"""

CODED = {
    "little-endian UTF-16": ("\ufeff<!doctype html><head><title>ü会", "utf-16-le", HTML),
    "big-endian UTF-16": (
        "<!doctype html><head><title>ü会",
        "utf-16-be",
        f"{HTML};charset=utf-16be",
    ),
    "UTF-8 with a mark": ("\ufeff<!doctype html><title>ü会</title><p>x", "utf-8", HTML),
    "no word of an encoding": ("<!doctype html><title>café</title><p>naïve", "windows-1252", HTML),
    "a late word of its encoding": (
        f"<!doctype html><head><!--{'x' * 960}--><meta charset=windows-1251><title>\u0416",
        "windows-1251",
        HTML,
    ),
}


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def page(running_browser: Browser, shared_stack: Stack) -> AsyncIterator[Beside]:
    async with beside(running_browser, shared_stack, "tree") as opened:
        yield opened


@pytest.mark.parametrize("name", PAGES)
async def test_the_tree_is_the_one_that_the_app_sent(page: Beside, name: str) -> None:
    html, content_type = PAGES[name]
    page.app.responses["/tree"] = response(html, content_type)
    direct, through = await page.pages("/tree", TREE)
    assert through == direct
    assert through["shimmed"]


@pytest.mark.parametrize("name", CODED)
async def test_a_page_keeps_its_encoding(page: Beside, name: str) -> None:
    text, encoding, content_type = CODED[name]
    page.app.responses["/tree"] = response(text.encode(encoding), content_type)
    direct, through = await page.pages("/tree", TREE)
    assert through == direct
    assert through["title"] in text
    assert through["shimmed"]


@pytest.mark.parametrize("text", SRCDOC)
async def test_a_frame_keeps_the_tree_that_it_is_given(page: Beside, text: str) -> None:
    direct, through = await page.both(GIVEN, text, TREE)
    assert through == direct
