"""A page of one app asks another app of the same box by its URL: CORS is as between two servers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.acts.visit import visit
from tests.e2e.stack import AppUrl, Stack, stack
from tests.e2e.upstreams.neighbours import Neighbour, neighbour
from tests.support.browser import Browser, Tab, until
from tests.support.edge_log import EdgeLog

SCRIPT = (Path(__file__).parent / "upstreams" / "crossing.js").read_text()
OBSERVE = SCRIPT[SCRIPT.index("async (web, api)") :]
# The first request may have to bring the hidden frame, its Service Worker and its link.
ASK = """async (url, init) => {
  try {
    const response = await fetch(url, init);
    return { status: response.status, text: await response.text() };
  } catch (error) {
    return { error: error.name };
  }
}"""
REFUSED = {"error": "TypeError"}


@dataclass(frozen=True, slots=True)
class Pair:
    """A frontend and a backend, exposed by one box. Origins without a slash at the end."""

    web: Neighbour
    api: Neighbour
    web_url: AppUrl
    api_url: AppUrl
    stack: Stack
    name: str

    @property
    def origins(self) -> tuple[str, str]:
        return self.web_url.url.rstrip("/"), self.api_url.url.rstrip("/")


async def _exposed(running: Stack, name: str, web: Neighbour, api: Neighbour) -> Pair:
    web_url = await running.expose(name, web.upstream)
    api_url = await running.expose(f"{name}-back", api.upstream)
    return Pair(web, api, web_url, api_url, running, name)


@pytest_asyncio.fixture(loop_scope="session")
async def pair(shared_stack: Stack, fresh_name: str) -> AsyncIterator[Pair]:
    async with neighbour() as web, neighbour() as api:
        yield await _exposed(shared_stack, fresh_name, web, api)
        await shared_stack.unexpose(fresh_name)
        await shared_stack.unexpose(f"{fresh_name}-back")


async def _tab(browser: Browser, pair: Pair) -> Tab:
    return (await visit(browser, pair.web_url.url, "A neighbour")).tab


def _plain(seen: Any, web: str, api: str) -> Any:
    """With the origins by their roles."""
    return json.loads(json.dumps(seen).replace(web, "WEB").replace(api, "API"))


@pytest.mark.timeout(180)
async def test_a_page_observes_the_same_as_beside_two_servers(browser: Browser, pair: Pair) -> None:
    direct = (f"http://localhost:{pair.web.port}", f"http://localhost:{pair.api.port}")
    beside = await browser.open(f"{direct[0]}/", within="top")
    expected = _plain(await beside.evaluate(OBSERVE, *direct, timeout_s=60), *direct)
    pair.api.received.clear()
    tab = await _tab(browser, pair)
    seen = _plain(await tab.evaluate(OBSERVE, *pair.origins, timeout_s=90), *pair.origins)
    assert seen == expected
    assert sum(value == "TypeError" for value in seen.values()) > 10, "too little was refused"
    await until(lambda: bool(pair.api.asked_for("/beacon")), timeout_s=10, what="a beacon came")
    assert pair.api.asked_for("/beacon")[0].body == b"lamp"
    # What was kept is not asked again, and what is simple not at all.
    assert len(pair.api.asked_for("/kept", "OPTIONS")) == 1
    assert not pair.api.asked_for("/simple", "OPTIONS")


async def test_requests_hold_what_a_browsers_would(browser: Browser, pair: Pair) -> None:
    tab = await _tab(browser, pair)
    web, api = pair.origins
    init = {
        "method": "PUT",
        "headers": {"X-B": "1", "Authorization": "a"},
        "credentials": "include",
    }
    url = f"{api}/sent?allow={web}&with=1&methods=PUT&names=authorization,x-b"
    await tab.evaluate("() => { document.cookie = 'own=1'; }")
    assert (await tab.evaluate(ASK, url, init))["status"] == 200
    asked, sent = pair.api.asked_for("/sent")
    assert asked.fields["access-control-request-method"] == "PUT"
    assert asked.fields["access-control-request-headers"] == "authorization,x-b"
    assert "authorization" not in asked.fields
    assert sent.fields["authorization"] == "a"
    for one in (asked, sent):
        assert one.fields["origin"] == web
        assert one.fields["referer"] == f"{web}/"
        assert one.fields["sec-fetch-site"] == "same-site"
        assert one.fields["sec-fetch-mode"] == "cors"
        assert "cookie" not in one.fields


async def test_cookies_are_the_siblings_own_and_pictures_come_without(
    browser: Browser, pair: Pair
) -> None:
    tab = await _tab(browser, pair)
    web, api = pair.origins
    credentials = {"credentials": "include"}
    await tab.evaluate(ASK, f"{api}/login?cookie=s%3D1&allow={web}&with=1", credentials)
    await tab.evaluate(ASK, f"{api}/known?allow={web}&with=1", credentials)
    await tab.evaluate(ASK, f"{api}/blind", {"mode": "no-cors", **credentials})
    show = "url => new Promise(done => { const i = new Image(); i.onload = done; i.src = url; })"
    await tab.evaluate(show, f"{api}/picture.svg")
    assert pair.api.asked_for("/known")[0].fields["cookie"] == "s=1"
    # A script sees nothing of that, so it may go with cookies; a picture could be read.
    assert pair.api.asked_for("/blind")[0].fields["cookie"] == "s=1"
    assert "cookie" not in pair.api.asked_for("/picture.svg")[0].fields
    assert await tab.evaluate("() => document.cookie") == ""


async def test_an_app_of_another_box_is_another_site(browser: Browser, pair: Pair) -> None:
    # By its other alias the same box is another one to every visitor.
    tab = await _tab(browser, pair)
    web, _ = pair.origins
    api = pair.api_url.key_url.rstrip("/")
    credentials = {"credentials": "include"}
    for cookie in ("lax=1", "none=1; SameSite=None; Secure"):
        response = await tab.evaluate(
            ASK,
            f"{api}/login?cookie={cookie}&allow={web}&with=1".replace("; ", "%3B "),
            credentials,
        )
        assert response["status"] == 200
    response = await tab.evaluate(ASK, f"{api}/known?allow={web}&with=1", credentials)
    assert json.loads(response["text"])["cookie"] == "none=1"
    assert pair.api.asked_for("/known")[0].fields["sec-fetch-site"] == "cross-site"
    show = """url => new Promise(done => {
      const i = new Image(); i.onload = i.onerror = ({ type }) => done(type); i.src = url; })"""
    assert await tab.evaluate(show, f"{api}/picture.svg?policy=same-site") == "error"


# What an app could do with the hidden frame if it spoke to it itself, as the shell does.
SPEAK = """async (api, request) => {
  const holder = document.createElement("iframe");
  holder.src = "/__p2claw/session";
  await new Promise((done) => { holder.onload = done; document.body.append(holder); });
  const frame = holder.contentDocument.createElement("iframe");
  const here = new Promise((done) => holder.contentWindow.addEventListener("message", done));
  frame.src = `${api}/__p2claw/sibling`;
  holder.contentDocument.body.append(frame);
  await here;
  const { port1, port2 } = new MessageChannel();
  const facts = { method: "GET", headers: [], mode: "cors", destination: "", cache: "default",
    credentials: "include", redirect: "follow", referrer: "", referrerPolicy: "", integrity: "",
    ...request, url: api + request.url };
  frame.contentWindow.postMessage({ p2claw: "ask", embedder: "", socket: undefined,
    request: facts, body: { kind: "none" }, reply: port2 }, api, [port2]);
  const response = await new Promise((done) => { port1.onmessage = ({ data }) => done(data); });
  const pieces = [];
  const read = (done) => ({ data }) => {
    if (data.kind === "data") pieces.push(data.bytes);
    else done();
  };
  if (response.body) await new Promise((done) => { response.body.onmessage = read(done); });
  const text = await new Blob(pieces).text();
  return { do: response.do, text, headers: response.headers ?? [] };
}"""


async def test_who_posts_to_the_hidden_frame_itself_gets_no_more(
    browser: Browser, pair: Pair
) -> None:
    tab = await _tab(browser, pair)
    web, api = pair.origins
    credentials = {"credentials": "include"}
    await tab.evaluate(ASK, f"{api}/login?cookie=s%3D1&allow={web}&with=1", credentials)

    async def ask(**request: Any) -> Any:
        return await tab.evaluate(SPEAK, api, request)

    assert (await ask(url="/secret"))["do"] == "error"
    assert (await ask(url="/secret", mode="same-origin"))["do"] == "error"
    assert (await ask(url="/secret", mode="navigate"))["do"] == "error"
    assert (await ask(url="/secret", destination="document"))["do"] == "error"
    blind = await ask(url="/secret", mode="no-cors")
    assert (blind["do"], blind["text"], blind["headers"]) == ("opaque", "", [])
    # Nobody's picture: what anyone gets who knows the URL.
    picture = await ask(url="/shown", mode="no-cors", destination="image")
    assert json.loads(picture["text"])["cookie"] == ""
    assert not any(name.startswith("x-") for name, _ in picture["headers"])
    # An element asks for nothing that must be asked for first.
    loud = {"headers": [["x-loud", "1"]], "destination": "script"}
    await ask(url="/loud?allow=*", credentials="omit", **loud)
    assert "x-loud" not in pair.api.asked_for("/loud")[0].fields
    erase = await ask(url="/erase?allow=*", method="DELETE", destination="image")
    assert (erase["do"], pair.api.asked_for("/erase")) == ("error", [])
    # Where a redirect leads to is for the browser alone.
    moved = f"/go?allow={web}&with=1&to=http://third.example/?secret"
    assert (await ask(url=moved))["do"] == "error"
    assert (await ask(url=moved, mode="no-cors"))["headers"] == []
    manual = await ask(url=f"/go?allow={web}&with=1&to=/?secret", redirect="manual")
    assert manual["headers"] == [["location", f"{api}/"]]
    assert (await ask(url="/__p2claw/session"))["do"] == "error"


async def test_another_site_gets_no_reply_of_the_hidden_frame(browser: Browser, pair: Pair) -> None:
    foreign = await browser.open(f"http://localhost:{pair.web.port}/", within="top")
    look = """api => new Promise((done) => {
      let received = false;
      addEventListener("message", () => { received = true; });
      const frame = document.createElement("iframe");
      frame.src = `${api}/__p2claw/sibling`;
      frame.onload = () => {
        frame.contentWindow.postMessage({ p2claw: "ask", request: { url: `${api}/secret` } }, "*");
        setTimeout(() => done(received), 1500);
      };
      document.body.append(frame);
    })"""
    assert not await foreign.evaluate(look, pair.origins[1])
    assert pair.api.received == []


async def test_giving_up_reaches_the_sibling(browser: Browser, pair: Pair) -> None:
    tab = await _tab(browser, pair)
    _, api = pair.origins
    begin = """api => {
      window.giving = new AbortController();
      const { signal } = giving;
      fetch(`${api}/hang?allow=*`, { signal }).catch(({ name }) => { window.failure = name; });
    }"""
    await tab.evaluate(begin, api)
    await until(lambda: bool(pair.api.open), timeout_s=20, what="the request is there")
    await tab.evaluate("() => window.giving.abort()")
    assert await tab.wait_for("() => window.failure") == "AbortError"
    await until(lambda: not pair.api.open, timeout_s=10, what="the app notices")


LENGTH = 150_000_000
# Firefox stops a Service Worker that has no events, though it streams; here sooner than it does.
IDLE_S = 20
HASTY = {
    "dom.serviceWorkers.idle_timeout": IDLE_S * 1_000,
    "dom.serviceWorkers.idle_extended_timeout": 1_000,
}
# Longer than that, and than a hidden frame has to begin.
STOP_S = 26


@pytest_asyncio.fixture(loop_scope="session")
async def hasty(browser: Browser, tmp_path: Path) -> AsyncIterator[Browser]:
    launched = await Browser.launch(browser.kind, tmp_path, prefs=HASTY)
    yield launched
    await launched.close()


@pytest.mark.timeout(200)
async def test_a_download_streams_and_a_reader_that_stops_stops_it(
    hasty: Browser, pair: Pair
) -> None:
    tab = await _tab(hasty, pair)
    _, api = pair.origins
    read = """async (url) => {
      window.reader = (await fetch(url)).body.getReader();
      window.size = (await window.reader.read()).value.length;
    }"""
    await tab.evaluate(read, f"{api}/many?allow=*&bytes={LENGTH}")
    await asyncio.sleep(STOP_S)
    # Nobody reads, so the app cannot have sent it all. Firefox reads of any response what there is.
    if hasty.kind == "chromium":
        assert pair.api.open, "all of it has left the app, and nobody has read it"
    drain = """async () => {
      for (;;) {
        const { value, done } = await window.reader.read();
        if (done) return window.size;
        window.size += value.length;
      }
    }"""
    assert await tab.evaluate(drain, timeout_s=100) == LENGTH
    assert (await tab.evaluate(ASK, f"{api}/a?allow=*", {}))["status"] == 200


READ = """(own, other) => {
  window.ended = {};
  window.got = {};
  const read = async (name, url) => {
    const reader = (await fetch(url)).body.getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return "whole";
      got[name] = (got[name] ?? 0) + value.length;
    }
  };
  for (const [name, url] of Object.entries({ own, other })) {
    read(name, url).then((how) => { ended[name] = how; }, (error) => { ended[name] = error.name; });
  }
}"""


@pytest.mark.timeout(120)
async def test_a_download_whose_link_breaks_fails_and_never_ends_short(
    browser: Browser, own_stack: Stack, fresh_name: str
) -> None:
    async with neighbour() as web, neighbour() as api:
        pair = await _exposed(own_stack, fresh_name, web, api)
        tab = await _tab(browser, pair)
        own, other = (f"{url}/many?allow=*&bytes={2**33}" for url in pair.origins)
        await tab.evaluate(READ, own, other)
        await tab.wait_for("() => got.own > 1e6 && got.other > 1e6")
        await own_stack.kill("agent")
        ended = "() => ended.own && ended.other && ended"
        assert await tab.wait_for(ended, timeout_s=60) == {"own": "TypeError", "other": "TypeError"}


async def test_an_app_that_is_not_exposed_is_a_network_error(browser: Browser, pair: Pair) -> None:
    tab = await _tab(browser, pair)
    web, _ = pair.origins
    nobody = web.replace(f"//{pair.name}-", f"//{pair.name}-nobody-")
    assert await tab.evaluate(ASK, f"{nobody}/a?allow=*", {}) == REFUSED
    assert (
        await tab.evaluate("() => document.documentElement.dataset.problem ?? null", within="top")
        is None
    )


@pytest_asyncio.fixture(loop_scope="session")
async def watched(tmp_path: Path) -> AsyncIterator[Stack]:
    async with stack(tmp_path, program="tests.support.edge_log") as running:
        yield running


# Each with the marker in path, query, body, field and cookie.
DO_EVERYTHING = """async (api, marker) => {
  const own = encodeURIComponent(location.origin);
  const url = (what) => `${api}/${marker}-${what}?${marker}&allow=${own}&with=1&names=x-a`;
  const init = { credentials: "include", headers: { "x-a": marker } };
  await fetch(`${api}/login?cookie=${marker}%3D${marker}&allow=${own}&with=1`, init).catch(() => 0);
  await fetch(url("get"), init);
  await fetch(url("post"), { ...init, method: "POST", body: marker });
  await fetch(url("keep"), { method: "POST", body: marker, keepalive: true }).catch(() => 0);
  await fetch(`${api}/${marker}-blind`, { mode: "no-cors" });
  await fetch(`${api}/go?allow=*&to=/${marker}-moved%3Fallow=*`);
  navigator.sendBeacon(url("beacon"), marker);
  const xhr = new XMLHttpRequest();
  xhr.open("GET", url("sync"), false);
  try { xhr.send(); } catch {}
  const tags = [["img", "src"], ["script", "src"], ["link", "href"], ["video", "src"]];
  for (const [tag, key] of tags) {
    const element = document.createElement(tag);
    if (tag === "link") element.rel = "stylesheet";
    if (tag === "video") element.crossOrigin = "anonymous";
    element[key] = url(tag);
    document.body.append(element);
  }
  const socket = new WebSocket(`${api.replace("http", "ws")}/socket?${marker}`);
  await new Promise((done) => { socket.onmessage = socket.onclose = done; });
  await new Promise((done) => setTimeout(done, 800));
}"""


@pytest.mark.timeout(150)
async def test_nothing_of_it_reaches_the_edge(
    browser: Browser, watched: Stack, fresh_name: str
) -> None:
    marker = f"lobster{browser.kind}"
    async with neighbour() as web, neighbour() as api:
        pair = await _exposed(watched, fresh_name, web, api)
        tab = await _tab(browser, pair)
        log = EdgeLog(watched.folder)
        assert log.asked(), "the log sees nothing at all"
        log.forget()
        await tab.evaluate(DO_EVERYTHING, pair.origins[1], marker, timeout_s=60)
        gone = pair.origins[1].replace("-back-", "-gone-")
        assert await tab.evaluate(ASK, f"{gone}/{marker}?{marker}", {}) == REFUSED
        assert len([one for one in api.received if marker in one.target]) > 9
    targets = [asked.target for asked in log.asked()]
    assert any(target == "/__p2claw/sibling" for target in targets)
    assert [path for path in targets if not path.startswith(("/__p2claw/", "/favicon.ico"))] == []
    assert [asked.target for asked in log.asked() if asked.has_cookie] == []
    assert b"lobster" not in log.raw()


@pytest.mark.timeout(120)
async def test_a_box_that_is_away_is_a_network_error_until_it_is_back(
    browser: Browser, own_stack: Stack, fresh_name: str
) -> None:
    async with neighbour() as web, neighbour() as api:
        pair = await _exposed(own_stack, fresh_name, web, api)
        tab = await _tab(browser, pair)
        url = f"{pair.origins[1]}/a?allow=*"
        await own_stack.kill("agent")
        assert await tab.evaluate(ASK, url, {}, timeout_s=40) == REFUSED
        await own_stack.start_agent()
        again = """async (url) => {
          while (!(await fetch(url).then(({ ok }) => ok, () => false)))
            await new Promise((done) => setTimeout(done, 500));
          return true;
        }"""
        assert await tab.evaluate(again, url, timeout_s=50)


# The hidden frame of a sibling, by what may become of it.
FRAME = """const holder = top.document.querySelector("html > iframe[hidden]");
  const frame = holder.contentDocument.querySelector("iframe");"""
ENDS = {
    "removed": "frame.remove()",
    "led-away": "frame.src = 'about:blank'",
    "loaded-again": "frame.src = frame.src",
    "removed-with-its-holder": "holder.remove()",
}
# By the time that a request would be given up by a person.
FAILS_S = 25
OPEN_ALL = """async (api) => {
  window.ended = {};
  const end = (name) => (how) => { ended[name] = how; };
  fetch(`${api}/hang?allow=*`).then(() => "responded", ({ name }) => name).then(end("waiting"));
  const { body } = await fetch(`${api}/events?allow=*`);
  const reader = body.getReader();
  await reader.read();
  const read = async () => { for (;;) if ((await reader.read()).done) return "whole"; };
  read().catch(({ name }) => name).then(end("streaming"));
  const socket = new WebSocket(`${api.replace("http", "ws")}/socket`);
  await new Promise((done) => { socket.onmessage = done; });
  socket.onclose = ({ code }) => end("socket")(code);
}"""
ALL_FAIL = {"waiting": "TypeError", "streaming": "TypeError", "socket": 1006}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("end", ENDS)
async def test_what_a_hidden_frame_owed_fails_with_it_and_the_next_request_works(
    end: str, browser: Browser, pair: Pair
) -> None:
    tab = await _tab(browser, pair)
    _, api = pair.origins
    await tab.evaluate(OPEN_ALL, api)
    await until(lambda: "/hang?allow=*" in pair.api.open, timeout_s=20, what="it waits")
    assert await tab.evaluate("() => top.document.querySelectorAll('html > [hidden]').length") == 1
    await tab.evaluate(f"() => {{ {FRAME} {ENDS[end]}; }}")
    ended = "() => Object.keys(ended).length === 3 && ended"
    assert await tab.wait_for(ended, timeout_s=FAILS_S) == ALL_FAIL
    assert (await tab.evaluate(ASK, f"{api}/a?allow=*", {}))["status"] == 200
    await until(lambda: not pair.api.open, timeout_s=20, what="the app notices")
