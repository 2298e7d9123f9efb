"""The app's own Service Worker: registered, installed, asked first, there without the box."""

from __future__ import annotations

from typing import Any

from tests.e2e.acts.visit import visit
from tests.e2e.stack import Stack
from tests.e2e.upstreams.canned import canned_app, canned_site, page, script
from tests.support.browser import Browser

WORKER = b"""
importScripts("part.js");
self.addEventListener("install", (event) => {
  event.waitUntil(caches.open("v1").then((cache) => cache.addAll(["/kept.txt", "/"])));
});
self.addEventListener("activate", (event) => event.waitUntil(Promise.resolve()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { pathname } = new URL(request.url);
  if (pathname === "/made") {
    const text = `made for ${request.method} of a ${request.destination || "script"}`;
    const headers = { "x-made": "yes" };
    event.respondWith(new Response(text, { status: 201, statusText: "Made", headers }));
  } else if (pathname === "/kept.txt") event.respondWith(caches.match(request));
  else if (pathname === "/body") {
    event.respondWith(request.text().then((text) => new Response(text + "!")));
  }
  else if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(() => caches.match("/", { ignoreSearch: true })));
  }
});
self.onmessage = async (event) => {
  if (event.data === "claim") {
    await self.clients.claim();
    event.source.postMessage("claimed");
  } else if (event.data === "skip") self.skipWaiting();
  else {
    const all = await clients.matchAll({ includeUncontrolled: true });
    event.ports[0]?.postMessage([version, location.pathname, registration.scope, all.length,
      all[0].frameType, event instanceof ExtendableMessageEvent, typeof postMessage,
      self instanceof ServiceWorkerGlobalScope, (await caches.keys()).join()]);
  }
};
"""
PART = b"self.version = 'one'; registration.addEventListener('updatefound', () => undefined);"
FIRST = """async () => {
  const log = [];
  const { serviceWorker } = navigator;
  serviceWorker.addEventListener("controllerchange", () => log.push("controllerchange"));
  const registration = await serviceWorker.register("/sw.js");
  const worker = registration.installing;
  log.push([registration.scope === location.origin + "/", worker.state, worker.scriptURL ===
    location.origin + "/sw.js", registration instanceof ServiceWorkerRegistration]);
  await new Promise((resolve) => {
    worker.onstatechange = () => {
      log.push(worker.state);
      if (worker.state === "activated") resolve();
    };
  });
  log.push((await serviceWorker.ready) === registration, serviceWorker.controller);
  log.push((await fetch("/made")).status);
  serviceWorker.startMessages();
  const claimed = new Promise((resolve) => serviceWorker.addEventListener("message",
    ({ data, source }) => resolve([data, source === worker])));
  worker.postMessage("claim");
  log.push(await claimed, serviceWorker.controller === worker, (await fetch("/made")).status);
  const { port1, port2 } = new MessageChannel();
  worker.postMessage("about", [port2]);
  const about = await new Promise((resolve) => { port1.onmessage = ({ data }) => resolve(data); });
  log.push(about.map((value) => String(value).replace(location.origin, "")));
  return log;
}"""
SECOND = """async () => {
  const made = await fetch("/made");
  const { status, statusText, headers } = made;
  const registration = await navigator.serviceWorker.getRegistration();
  return [navigator.serviceWorker.controller?.scriptURL.replace(location.origin, ""),
    registration.active === navigator.serviceWorker.controller,
    (await navigator.serviceWorker.getRegistrations()).length, status, statusText,
    headers.get("x-made"), await made.text(), await (await fetch("/kept.txt")).text(),
    await (await fetch("/body", { method: "POST", body: "sent" })).text(),
    (await fetch("/other.txt")).status, await (await caches.match("/kept.txt")).text()];
}"""
REFUSED = """async () => {
  const fate = (url, options) => navigator.serviceWorker.register(url, options).then(
    () => "registered", (error) => error.name);
  return [await fate("/missing.js"), await fate("/"), await fate("/deep/sw.js", { scope: "/" }),
    await fate("/broken.js", { scope: "/broken" }), await fate("https://other.example/sw.js")];
}"""
PLAIN = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: %d\r\n\r\n%s"
MISSING = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"


def _app() -> dict[str, Any]:
    responses: dict[str, Any] = {
        "/": page(b"<!doctype html><title>Own</title><h1>A page of its own</h1>"),
        "/sw.js": script(WORKER),
        "/part.js": script(PART),
        "/kept.txt": PLAIN % (4, b"kept"),
        "/other.txt": PLAIN % (5, b"other"),
        "/made": MISSING,
        "/missing.js": MISSING,
        "/deep/sw.js": script(b""),
        "/broken.js": script(b"throw new Error('broken')"),
    }
    return responses


async def test_a_worker_of_the_app_lives_as_it_does_directly(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    async with canned_app(_app()) as own:
        direct = await browser.open(own.upstream.replace("127.0.0.1", "localhost"), within="top")
        await direct.wait_for_text("A page of its own")
        directly = [await direct.evaluate(FIRST), await direct.evaluate(REFUSED)]
        await direct.reload()
        directly.append(await direct.evaluate(SECOND))
        await direct.evaluate("async () => (await navigator.serviceWorker.ready).unregister()")
    async with canned_site(shared_stack, fresh_name, _app()) as site:
        tab = (await visit(browser, site.url, "A page of its own")).tab
        through = [await tab.evaluate(FIRST), await tab.evaluate(REFUSED)]
        await tab.reload()
        await tab.wait_for_text("A page of its own")
        through.append(await tab.evaluate(SECOND))
    assert through == directly


async def test_an_app_opens_out_of_its_own_cache_while_the_box_is_away(
    browser: Browser, own_stack: Stack, fresh_name: str
) -> None:
    register = """async () => {
      await navigator.serviceWorker.register("/sw.js");
      const { active } = await navigator.serviceWorker.ready;
      while (active.state !== "activated") await new Promise((done) => setTimeout(done, 20));
      return active.state;
    }"""
    async with canned_app(_app()) as app:
        url = (await own_stack.expose(fresh_name, app.upstream)).url
        tab = (await visit(browser, url, "A page of its own")).tab
        assert await tab.evaluate(register) == "activated"
        await own_stack.kill("agent")
        again = (await visit(browser, f"{url}?again", "A page of its own", timeout_s=60)).tab
        assert await again.evaluate("async () => (await fetch('/made')).status") == 201
        assert await again.evaluate("() => fetch('/other.txt').catch((e) => e.name)") == "TypeError"
