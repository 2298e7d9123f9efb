"""A response that breaks off, or never comes, fails as it does directly: it is nobody's abort."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from tests.e2e.acts.beside import Beside, beside
from tests.e2e.stack import Stack
from tests.e2e.upstreams.raw import Request, Write
from tests.support.browser import Browser

CUT_S = 0.2  # so that the beginning has arrived before the end is missed

EVENTS = """async (path, act) => {
  const seen = [];
  const xhr = new XMLHttpRequest();
  for (const type of ["load", "error", "abort", "timeout", "loadend"]) {
    xhr.addEventListener(type, () => seen.push(type + xhr.readyState + ":" + xhr.status));
  }
  for (const type of ["onerror", "onabort"]) xhr[type] = () => seen.push(type);
  xhr.open("GET", path);
  if (act === "timeout") xhr.timeout = 300;
  if (act === "abort") setTimeout(() => xhr.abort(), 300);
  await new Promise((done) => { xhr.addEventListener("loadend", done); xhr.send(); });
  return seen;
}"""

READ = """async (path, how) => {
  try {
    const response = await fetch(path);
    await response[how]();
    return "whole";
  } catch (error) {
    return [error.name, error instanceof TypeError];
  }
}"""

ELEMENT = """(path, name) => new Promise((done) => {
  const element = document.createElement(name);
  for (const type of ["load", "loadeddata", "error"]) element["on" + type] = () => done(type);
  element.src = path;
  document.body.append(element);
})"""


def cut(sent: bytes) -> Write:
    """Sends `sent`, and closes."""

    async def write(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        await writer.drain()
        await asyncio.sleep(CUT_S)

    return write


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def page(running_browser: Browser, shared_stack: Stack) -> AsyncIterator[Beside]:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
    async with beside(running_browser, shared_stack, "broken") as opened:
        opened.app.responses["/short"] = cut(head + b"Content-Length: 100\r\n\r\nabc")
        opened.app.responses["/chunked"] = cut(head + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab")
        opened.app.responses["/silent"] = cut(b"")
        yield opened


async def test_xhr_fires_error(page: Beside) -> None:
    for path in ("/short", "/chunked", "/silent"):
        direct, through = await page.both(EVENTS, path)
        assert through == direct == ["error4:0", "onerror", "loadend4:0"], path


async def test_what_the_app_aborts_itself_stays_an_abort(page: Beside) -> None:
    async def slow(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nbegin")
        await asyncio.sleep(2)

    page.app.responses["/slow"] = slow
    direct, through = await page.both(EVENTS, "/slow", "abort")
    assert through == direct == ["abort4:0", "onabort", "loadend4:0"]
    direct, through = await page.both(EVENTS, "/slow", "timeout")
    assert through == direct == ["timeout4:0", "loadend4:0"]


async def test_fetch_rejects_with_a_type_error(page: Beside) -> None:
    for path in ("/short", "/chunked", "/silent"):
        for how in ("text", "json", "arrayBuffer", "blob"):
            direct, through = await page.both(READ, path, how)
            assert through == direct == ["TypeError", True], (path, how)


async def test_elements_fire_error(page: Beside) -> None:
    for name in ("img", "script", "video", "audio"):
        direct, through = await page.both(ELEMENT, "/short", name)
        assert through == direct == "error", name
