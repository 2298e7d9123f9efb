"""What a page asks for while its tab is closed, or led to another site, reaches the app, once."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from dataclasses import dataclass, field

import pytest

from tests.e2e.acts.visit import visit
from tests.e2e.stack import Stack
from tests.e2e.upstreams.canned import CannedSite, canned_app, canned_site, page
from tests.support.browser import Browser, Tab, until
from tests.support.upstreams import OK, Talk, UpstreamRequest, upstream_of

DEADLINE_S = 15
# By each way, as the page is hidden and as it goes; the types are those that apps use. Not as of
# `pagehide`: one browser (Firefox) sends that to a closing tab in two cases of three only.
SEND = """() => {
    const form = new FormData();
    form.append("a", "1");
    const send = (when) => {
        const given = { method: "POST", keepalive: true };
        navigator.sendBeacon(`/last/text/${when}`, "text");
        navigator.sendBeacon(`/last/json/${when}`, new Blob(["{}"], { type: "application/json" }));
        navigator.sendBeacon(`/last/form/${when}`, form);
        navigator.sendBeacon(`/last/query/${when}`, new URLSearchParams({ a: "1" }));
        fetch(`/last/bytes/${when}`, { ...given, body: new Uint8Array([1, 2, 3]).subarray(1) });
        fetch(`/last/field/${when}`, { ...given, headers: { "x-token": "t" } });
    };
    document.addEventListener("visibilitychange", () => document.hidden && send("hidden"));
    addEventListener("unload", () => { document.cookie = "left=1; path=/"; send("gone"); });
}"""
KINDS = ("text", "json", "form", "query", "bytes", "field")
LAST = sorted(f"/last/{kind}/{when}" for kind in KINDS for when in ("hidden", "gone"))
# Of each: the type and the body.
SENT = {
    "text": (["text/plain;charset=UTF-8"], b"text"),
    "json": (["application/json"], b"{}"),
    "query": (["application/x-www-form-urlencoded;charset=UTF-8"], b"a=1"),
    "bytes": ([], b"\x02\x03"),
    "field": ([], b""),
}
ASKED = "(name) => performance.getEntriesByType('resource').some((e) => e.name.includes(name))"
COOKIES = b"set-cookie: hidden=1; HttpOnly; Path=/\r\nset-cookie: other=1; Path=/elsewhere\r\n"


async def opened(browser: Browser, url: str) -> Tab:
    """A tab that has been there long enough to be ready for its end."""
    tab = (await visit(browser, url, "A plain page")).tab
    await tab.wait_for(ASKED, "/closing-", within="top")
    await asyncio.sleep(0.5)  # for the part of it that the channel worker loads
    return tab


def sent_last(site: CannedSite) -> list[UpstreamRequest]:
    return [seen for seen in site.app.server.requests if seen.target.startswith("/last/")]


@pytest.mark.parametrize("how", ["closed", "led-away"])
async def test_what_a_tab_sends_at_its_end_comes_once(
    how: str, browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    responses = {"/": page(fields=COOKIES)}
    async with (
        canned_app({}) as elsewhere,
        canned_site(shared_stack, fresh_name, responses) as site,
    ):
        tab = await opened(browser, f"{site.url}/")
        await tab.evaluate(SEND)
        if how == "closed":
            await tab.close()
        else:
            await tab.goto(elsewhere.upstream)
        arrived = functools.partial(sent_last, site)
        with contextlib.suppress(AssertionError):  # what is missing is shown below
            await until(lambda: len(arrived()) >= len(LAST), timeout_s=DEADLINE_S, what="all comes")
        assert sorted(seen.target for seen in arrived()) == LAST
        for seen in arrived():
            _check(seen, site.url)


def _check(seen: UpstreamRequest, origin: str) -> None:
    _, _, kind, when = seen.target.split("/")
    assert seen.method == "POST"
    kinds = seen.values("content-type")
    if kind == "form":
        (multipart,) = kinds
        boundary = multipart.partition("boundary=")[2].encode()
        assert seen.body.startswith(b"--" + boundary)
        assert seen.body.endswith(b"--" + boundary + b"--\r\n")
    else:
        assert (kinds, seen.body) == SENT[kind]
    cookies = {part for value in seen.values("cookie") for part in value.split("; ")}
    assert cookies >= {"hidden=1"} | ({"left=1"} if when == "gone" else set())
    assert "other=1" not in cookies
    assert seen.values("sec-fetch-site") == ["same-origin"]
    assert seen.values("user-agent")
    assert seen.values("x-token") == (["t"] if kind == "field" else [])


@dataclass
class Slow:
    """An app that responds to the last request when it may. begun: that this has arrived."""

    begun: asyncio.Event = field(default_factory=asyncio.Event)
    may_respond: asyncio.Event = field(default_factory=asyncio.Event)
    read_out: asyncio.Future[bool] = field(default_factory=asyncio.Future)

    async def handle(self, talk: Talk) -> None:
        while request := await talk.request():
            if request.target != "/last":
                await talk.send(page())
                continue
            self.begun.set()
            await self.may_respond.wait()
            self.read_out.set_result(not talk.reader.at_eof())
            await talk.send(OK + b"content-length: 0\r\n\r\n")


async def test_an_app_is_read_out_though_the_tab_is_gone(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    app = Slow()
    async with upstream_of(app.handle) as upstream, asyncio.timeout(2 * DEADLINE_S):
        address = await shared_stack.expose(fresh_name, upstream.url)
        tab = await opened(browser, address.url)
        await tab.evaluate("() => { navigator.sendBeacon('/last', 'sent before the end'); }")
        await app.begun.wait()
        await tab.close()
        await asyncio.sleep(1)  # by then the box has found the link lost
        app.may_respond.set()
        assert await app.read_out
        await shared_stack.unexpose(fresh_name)
