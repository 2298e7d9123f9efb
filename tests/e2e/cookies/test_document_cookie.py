"""document.cookie in the app's pages: read and written at once, and in step with what is asked."""

from __future__ import annotations

import pytest

from tests.e2e.upstreams.cookie_desk import Desk, setting
from tests.support.browser import Tab

pytestmark = pytest.mark.timeout(300)

ROUNDS = 1_000
# Of what the browser loads by itself, in a frame or as an element.
ELEMENTS = 300

WRITE_AND_FETCH = """async (rounds) => {
  const stale = [];
  for (let i = 0; i < rounds; i++) {
    document.cookie = `n=${i}; path=/`;
    const { cookie } = await (await fetch("/seen")).json();
    if (cookie !== `n=${i}`) stale.push([i, cookie]);
  }
  return stale;
}"""

RESPOND_AND_READ = """async (rounds) => {
  const stale = [];
  for (let i = 0; i < rounds; i++) {
    await fetch(`/set?set=m%3D${i};path%3D/`);
    if (document.cookie !== `m=${i}`) stale.push([i, document.cookie]);
  }
  return stale;
}"""

RESPOND_AND_READ_XHR = """async (rounds) => {
  const stale = [];
  for (let i = 0; i < rounds; i++) {
    await new Promise(done => {
      const ask = new XMLHttpRequest();
      ask.open("GET", `/set?set=x%3D${i};path%3D/`);
      ask.onreadystatechange = () => {
        if (ask.readyState < 2) return;
        if (document.cookie !== `x=${i}`) stale.push([i, ask.readyState, document.cookie]);
        if (ask.readyState === 4) done();
      };
      ask.send();
    });
  }
  return stale;
}"""

WRITE_AND_LOAD = """async (name, attribute, rounds) => {
  for (let i = 0; i < rounds; i++) {
    document.cookie = `n=${i}; path=/`;
    await new Promise(done => {
      const element = document.createElement(name);
      element[attribute] = `/${i}/${name === "iframe" ? "page" : name}`;
      element.onload = element.onerror = done;
      document.body.append(element);
      if (name === "iframe") element.addEventListener("load", () => element.remove());
    });
  }
}"""


async def test_what_a_page_writes_goes_with_its_next_fetch(tab: Tab) -> None:
    assert await tab.evaluate(WRITE_AND_FETCH, ROUNDS, timeout_s=120) == []


async def test_what_a_response_sets_is_read_once_it_is_there(tab: Tab) -> None:
    assert await tab.evaluate(RESPOND_AND_READ, ROUNDS, timeout_s=120) == []
    await tab.evaluate("() => { document.cookie = 'm=; max-age=0; path=/' }")
    assert await tab.evaluate(RESPOND_AND_READ_XHR, ROUNDS, timeout_s=120) == []


@pytest.mark.parametrize(
    ("name", "attribute"), [("img", "src"), ("script", "src"), ("iframe", "src")]
)
async def test_what_a_page_writes_goes_with_its_next_element(
    tab: Tab, desk: Desk, name: str, attribute: str
) -> None:
    await tab.evaluate(WRITE_AND_LOAD, name, attribute, ELEMENTS, timeout_s=120)
    path = "page" if name == "iframe" else name
    sent = [desk.cookies_of(f"/{number}/{path}") for number in range(ELEMENTS)]
    stale = [(number, got) for number, got in enumerate(sent) if got != [f"n={number}"]]
    assert stale == []


async def test_a_cookie_written_before_a_navigation_goes_with_it(tab: Tab, desk: Desk) -> None:
    await tab.evaluate("() => { location.href = '/0/step' }")
    await tab.wait_for("() => location.pathname === '/30/step'")
    sent = [desk.cookies_of(f"/{number}/step") for number in range(1, 31)]
    assert sent == [[f"n={number}"] for number in range(1, 31)]


async def test_what_is_httponly_is_never_seen_nor_written_over(tab: Tab, desk: Desk) -> None:
    await tab.evaluate("url => fetch(url)", setting("h=1; Path=/; HttpOnly", "s=2; Path=/"))
    write = "() => { document.cookie = 'h=9; path=/'; return document.cookie }"
    assert await tab.evaluate(write) == "s=2"
    await tab.evaluate("() => fetch('/seen')")
    assert desk.cookies_of("/seen") == ["h=1; s=2"]


async def test_the_first_script_of_a_page_reads_the_pages_own_cookie(tab: Tab, url: str) -> None:
    await tab.evaluate("url => { location.href = url }", setting("p=1", path="/deep/first"))
    assert await tab.wait_for("() => window.atFirst") == "p=1"
