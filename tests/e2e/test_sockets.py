"""WebSocket of an app's page, beside the browser's own on the same app visited directly."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.stack import Stack
from tests.e2e.upstreams.sockets import SocketApp, socket_app
from tests.support.browser import Browser, Tab

# What happens on a socket, in order; `given` is done when it opens.
LIFE = """async ([path, protocols, given, wait]) => {
  const log = [];
  const url = new URL(path, location.href);
  const socket = new WebSocket(url.href.replace(/^http/, "ws"), protocols);
  const port = location.host;
  log.push(["made", socket.readyState, socket.url.replace(port, "HOST"), socket.protocol]);
  const done = new Promise((resolve) => {
    socket.onopen = (event) => {
      log.push(["open", event.constructor.name, socket.readyState, socket.protocol,
        socket.extensions]);
      new Function("socket", "log", given ?? "")(socket, log);
    };
    socket.onmessage = async (event) => {
      const kind = event.data?.constructor?.name;
      log.push(["message", kind, typeof event.data === "string" ? event.data : "",
        event.origin.replace(port, "HOST"), event.lastEventId, event.ports.length]);
    };
    socket.onerror = (event) => log.push(["error", event.constructor.name, socket.readyState]);
    socket.onclose = (event) => {
      log.push(["close", event.code, event.reason, event.wasClean, socket.readyState]);
      resolve();
    };
  });
  await Promise.race([done, new Promise((resolve) => setTimeout(resolve, wait ?? 8000))]);
  return log;
}"""


@dataclass
class Page:
    app: SocketApp
    direct: Tab
    through: Tab
    url: str

    async def both(self, fn: str, arg: Any = None) -> tuple[Any, Any]:
        """What `fn` gives directly, and through p2claw."""
        seen = []
        for tab in (self.direct, self.through):
            await tab.front()
            seen.append(await tab.evaluate(fn, arg, timeout_s=60))
        return seen[0], seen[1]


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def page(running_browser: Browser, shared_stack: Stack) -> AsyncIterator[Page]:
    async with socket_app() as app:
        name = f"sockets-{running_browser.kind}"
        url = (await shared_stack.expose(name, app.upstream)).url
        direct = await running_browser.open(f"http://raw.localhost:{app.port}/", within="top")
        through = await running_browser.open(url)
        await through.wait_for_text("A page of sockets")
        yield Page(app, direct, through, url)
        await direct.close()
        await through.close()
        await shared_stack.unexpose(name)


LIVES = {
    "a text that comes back": [
        "/echo",
        [],
        "socket.onmessage = (e) => { log.push(e.data); socket.close(1000, 'done'); };"
        "socket.send('w\u00f6of');",
    ],
    "a subprotocol": ["/echo", ["v1", "v2"], "socket.close(4001, 'bye')"],
    "compression": ["/echo?compress=1", [], "socket.close(1000)"],
    "a close without a code": ["/echo", [], "socket.close()"],
    "a close of the app": ["/ending?code=4002", [], ""],
    "a close of the app for going away": ["/ending?code=1001", [], ""],
    "an empty close of the app": ["/raw/empty", [], ""],
    "a text that is not UTF-8": ["/raw/text", [], ""],
    "a reserved bit": ["/raw/reserved", [], ""],
    "a close with a code that nobody says": ["/raw/code", [], ""],
    "401": ["/refuse/401", [], ""],
    "403": ["/refuse/403", [], ""],
    "404": ["/refuse/404", [], ""],
    "a page in place of a socket": ["/other", [], ""],
    "a subprotocol that the app does not know": ["/echo", ["v9"], "socket.close(1000)"],
    "messages after close": [
        "/echo",
        [],
        "socket.send('a'); socket.close(1000); socket.send('b'); log.push(socket.bufferedAmount)",
    ],
}


@pytest.mark.parametrize("name", [*LIVES])
async def test_a_socket_lives_as_the_browsers_own(page: Page, name: str) -> None:
    direct, through = await page.both(LIFE, LIVES[name])
    if "nobody says" in name and page.direct.browser.kind == "firefox":
        direct[-1:] = [["error", "Event", 3], ["close", 1006, "", False, 3]]  # it takes the code
    assert through == direct
    assert through[-1][0] == "close"


@pytest.mark.parametrize("how", ["close", "abort"])
async def test_an_app_that_hangs_up_is_a_close_with_1006(page: Page, how: str) -> None:
    direct, through = await page.both(LIFE, [f"/raw/{how}", [], ""])
    assert through == direct
    assert through[-1] == ["close", 1006, "", False, 3]


SHAPE = """() => {
  const made = new WebSocket(location.href.replace(/^http/, "ws") + "echo");
  const own = (object) => Object.getOwnPropertyNames(object).sort();
  const source = (fn) => Function.prototype.toString.call(fn);
  const members = Object.getOwnPropertyDescriptors(WebSocket.prototype);
  const described = Object.entries(members).map(([name, d]) => [name, d.enumerable,
    d.configurable, d.writable ?? null, ...[d.get, d.set, d.value]
      .filter((fn) => typeof fn === "function").map((fn) => [fn.name, fn.length, source(fn)])]);
  class Mine extends WebSocket { more() { return 1; } }
  const mine = new Mine(location.href.replace(/^http/, "ws") + "echo");
  const result = [
    source(WebSocket), WebSocket.name, WebSocket.length, String(WebSocket), own(WebSocket),
    described, own(made), Object.getPrototypeOf(made) === WebSocket.prototype,
    WebSocket.prototype.constructor === WebSocket, made.constructor === WebSocket,
    made instanceof WebSocket, made instanceof EventTarget, String(made),
    Object.getPrototypeOf(WebSocket) === EventTarget, WebSocket.OPEN, made.CLOSED,
    mine instanceof Mine, mine instanceof WebSocket, mine.more(), mine.readyState,
    made.onopen, made.binaryType, source(Function.prototype.toString),
    Object.getOwnPropertyDescriptor(window, "WebSocket").enumerable,
    [(made.binaryType = "arraybuffer", made.binaryType), (made.binaryType = "x", made.binaryType)],
    [(made.onopen = 5, made.onopen), (made.onopen = null, made.onopen)],
  ];
  made.close(); mine.close();
  return result;
}"""


async def test_the_class_cannot_be_distinguished_from_the_browsers_own(page: Page) -> None:
    direct, through = await page.both(SHAPE)
    assert through == direct


ERRORS = """async () => {
  const base = location.href.replace(/^http/, "ws");
  const open = new WebSocket(base + "echo");
  await new Promise((resolve) => { open.onopen = resolve; });
  const early = new WebSocket(base + "echo");
  const tries = {
    none: () => new WebSocket(), plain: () => WebSocket(base),
    url: () => new WebSocket("ws://["), scheme: () => new WebSocket("ftp://x/"),
    fragment: () => new WebSocket(base + "#a"), twice: () => new WebSocket(base, ["a", "a"]),
    empty: () => new WebSocket(base, ""), space: () => new WebSocket(base, "a b"),
    code: () => open.close(999), code2: () => open.close(1001), code3: () => open.close(5000),
    reason: () => open.close(1000, "é".repeat(62)), send: () => early.send("a"),
    nothing: () => open.send(), brand: () => WebSocket.prototype.send.call({}, "a"),
    brand2: () => WebSocket.prototype.readyState,
  };
  const seen = {};
  for (const [name, run] of Object.entries(tries)) {
    try { run(); seen[name] = "nothing"; } catch (error) {
      seen[name] = [error.constructor.name, error.name, error.code];
    }
  }
  open.close(); early.close();
  return seen;
}"""


async def test_errors_are_those_of_the_browsers_own(page: Page) -> None:
    direct, through = await page.both(ERRORS)
    assert through == direct


URLS = """() => ["/echo", "echo", location.href + "echo", location.href.replace(/^http/, "ws")
  + "echo"].map((url) => { const s = new WebSocket(url); s.close();
  return s.url.replace(location.host, "HOST"); })"""


async def test_relative_and_http_urls_are_accepted(page: Page) -> None:
    direct, through = await page.both(URLS)
    assert through == direct == ["ws://HOST/echo"] * 4


async def test_a_socket_that_is_closed_while_it_opens_fails(page: Page) -> None:
    closing = LIFE.replace(
        "await Promise.race", "setTimeout(() => socket.close(), 300);\n await Promise.race"
    )
    direct, through = await page.both(closing, ["/hang", [], ""])
    assert through == direct


async def test_a_socket_of_another_origin_is_the_browsers_own(page: Page) -> None:
    log = await page.through.evaluate(
        LIFE, [f"http://other.localhost:{page.app.port}/echo", [], "socket.close(1000)"]
    )
    assert log[-1][:2] == ["close", 1000]


async def test_the_app_sees_the_handshake_of_a_page_of_its_own(page: Page) -> None:
    await page.through.evaluate("() => { document.cookie = 'mine=1'; }")
    await page.through.evaluate(LIFE, ["/echo", [], "socket.close(1000)"])
    fields = page.app.handshakes[-1][1]
    assert fields["host"] == f"127.0.0.1:{page.app.port}"
    assert fields["origin"] == page.app.upstream
    assert "Mozilla" in fields["user-agent"]
    assert "referer" not in fields
    await page.through.evaluate(LIFE, ["/echo", [], "socket.close(1000)"])
    assert "socket=opened" in page.app.handshakes[-1][1].get("cookie", "")
