"""The hidden frame by which a page asks: what else speaks to it, and what becomes of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.e2e.siblings.pairs import ASK, Pair, tab_of
from tests.support.browser import Browser, until

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
    tab = await tab_of(browser, pair)
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
    tab = await tab_of(browser, pair)
    _, api = pair.origins
    await tab.evaluate(OPEN_ALL, api)
    await until(lambda: "/hang?allow=*" in pair.api.open, timeout_s=20, what="it waits")
    assert await tab.evaluate("() => top.document.querySelectorAll('html > [hidden]').length") == 1
    await tab.evaluate(f"() => {{ {FRAME} {ENDS[end]}; }}")
    ended = "() => Object.keys(ended).length === 3 && ended"
    assert await tab.wait_for(ended, timeout_s=FAILS_S) == ALL_FAIL
    assert (await tab.evaluate(ASK, f"{api}/a?allow=*", {}))["status"] == 200
    await until(lambda: not pair.api.open, timeout_s=20, what="the app notices")
