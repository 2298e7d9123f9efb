"""What an app sets by Set-Cookie comes back to it, and to nobody else."""

from __future__ import annotations

from tests.e2e.upstreams.cookie_desk import Desk, setting
from tests.support.browser import Tab

GET = "async (url, init) => { const r = await fetch(url, init); return r.status; }"


async def test_a_cookie_comes_back_with_every_kind_of_request(tab: Tab, desk: Desk) -> None:
    await tab.evaluate(GET, setting("a=1; Path=/; HttpOnly"))
    await tab.evaluate(
        """() => Promise.all([["img", "src"], ["script", "src"], ["iframe", "src"]].map(
          ([name, key]) => new Promise(done => {
            const element = document.createElement(name);
            element[key] = `/x/${name === "iframe" ? "page" : name}`;
            element.onload = done;
            document.body.append(element);
          })))"""
    )
    await tab.evaluate("() => { location.href = '/next/page' }")
    await tab.wait_for("() => location.pathname === '/next/page'")
    for path in ("/x/img", "/x/script", "/x/page", "/next/page"):
        assert desk.cookies_of(path) == ["a=1"], path


async def test_redirects_errors_and_304_set_cookies_too(tab: Tab, desk: Desk) -> None:
    last = setting("c=3; Path=/", path="/last")
    hop = setting("b=2; Path=/", path="/hop", status="302", to=last)
    await tab.evaluate(GET, setting("a=1; Path=/", status="307", to=hop))
    await tab.evaluate(GET, setting("d=4; Path=/", path="/broken", status="500"))
    await tab.evaluate(GET, setting("e=5; Path=/", path="/same", status="304"))
    await tab.evaluate(GET, "/seen")
    assert desk.cookies_of("/hop") == ["a=1"]
    assert desk.cookies_of("/last") == ["a=1; b=2"]
    assert desk.cookies_of("/seen") == ["a=1; b=2; c=3; d=4; e=5"]


async def test_without_credentials_no_cookie_goes_or_comes(tab: Tab, desk: Desk) -> None:
    await tab.evaluate(GET, setting("a=1; Path=/"))
    await tab.evaluate(GET, setting("b=2; Path=/", path="/omit"), {"credentials": "omit"})
    await tab.evaluate(GET, "/seen", {"credentials": "include"})
    assert desk.cookies_of("/omit") == [""]
    assert desk.cookies_of("/seen") == ["a=1"]


async def test_paths_and_ends_are_kept_to(tab: Tab, desk: Desk) -> None:
    await tab.evaluate(GET, setting("a=1", "b=2; Path=/", "c=3; Max-Age=0; Path=/", path="/in/set"))
    await tab.evaluate(GET, setting("b=; Max-Age=0; Path=/", path="/end"))
    await tab.evaluate(GET, "/in/seen")
    await tab.evaluate(GET, "/inn/seen")
    assert desk.cookies_of("/end") == ["b=2"]
    assert desk.cookies_of("/in/seen") == ["a=1"]
    assert desk.cookies_of("/inn/seen") == [""]
