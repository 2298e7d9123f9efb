"""WebSocket where a page is not one of its own address, and where the app speaks only https."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from tests.e2e.stack import Stack
from tests.e2e.upstreams.sockets import socket_app
from tests.support.browser import Browser
from tests.support.certificates import write_certificate

# Makes a frame, gives it a script that says how a socket to /echo went, and waits for that.
FRAME = """async (kind) => {
  const url = new URL("/echo", location.href).href.replace(/^http/, "ws");
  const script = `const socket = new WebSocket(${JSON.stringify(url)}, "v1");
    const log = [socket instanceof WebSocket, socket.url === ${JSON.stringify(url)}];
    socket.onopen = () => { log.push(socket.protocol); socket.send("crab"); };
    socket.onmessage = ({ data }) => { log.push(data); socket.close(4001, "bye"); };
    socket.onclose = ({ code, wasClean }) => parent.postMessage([...log, code, wasClean], "*");`;
  const html = `<!doctype html><p>A frame<script>${script}<${"/"}script>`;
  const log = new Promise((resolve) => {
    addEventListener("message", ({ data }) => Array.isArray(data) && resolve(data));
    setTimeout(() => resolve("nothing came"), 15000);
  });
  const frame = document.createElement("iframe");
  if (kind === "srcdoc") frame.srcdoc = html;
  if (kind === "blob") frame.src = URL.createObjectURL(new Blob([html], { type: "text/html" }));
  document.body.append(frame);
  if (kind === "written") {
    frame.contentDocument.open();
    frame.contentDocument.write(html);
    frame.contentDocument.close();
  }
  if (kind === "element") {
    const element = frame.contentDocument.createElement("script");
    element.textContent = script;
    frame.contentDocument.body.append(element);
  }
  if (kind === "eval") frame.contentWindow.eval(script);
  return await log;
}"""
WENT = [True, True, "v1", "crab", 1000, True]  # aiohttp replies to every Close with 1000


@pytest.mark.parametrize("kind", ["srcdoc", "blob", "written", "element", "eval"])
async def test_a_frame_without_an_address_has_a_websocket(
    browser: Browser, shared_stack: Stack, fresh_name: str, kind: str
) -> None:
    async with socket_app() as app:
        address = await shared_stack.expose(fresh_name, app.upstream)
        direct = await browser.open(f"http://raw.localhost:{app.port}/", within="top")
        assert await direct.evaluate(FRAME, kind) == WENT
        through = await browser.open(address.url)
        await through.wait_for_text("A page of sockets")
        assert await through.evaluate(FRAME, kind) == WENT
        await shared_stack.unexpose(fresh_name)


LIFE = """async () => {
  const socket = new WebSocket(new URL("/echo", location.href));
  const log = [];
  socket.onopen = () => socket.send("crab");
  socket.onmessage = ({ data }) => { log.push(data); socket.close(4001); };
  await new Promise((resolve) => { socket.onclose = resolve; });
  return [log, document.cookie];
}"""


async def test_an_app_of_https_has_sockets_with_its_secure_cookies(
    browser: Browser, own_stack: Stack, fresh_name: str, tmp_path: Path
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*write_certificate(tmp_path, "an app"))
    async with socket_app(tls=tls) as app:
        upstream = f"https://localhost:{app.port}"
        await own_stack.p2claw("expose", fresh_name, upstream)
        routes = (await own_stack.ask("GET", "/v1/status"))["apps"]
        (url,) = [entry["url"] for entry in routes if entry["app"] == fresh_name]
        tab = await browser.open(url)
        await tab.wait_for_text("A page of sockets")
        assert await tab.evaluate(LIFE) == [["crab"], "socket=opened"]
        assert await tab.evaluate(LIFE) == [["crab"], "socket=opened"]
        await tab.close()
    fields = app.handshakes[-1][1]
    assert fields["origin"] == upstream
    assert sorted(fields["cookie"].split("; ")) == ["__Secure-socket=opened", "socket=opened"]
