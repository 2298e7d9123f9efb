"""WebSocket in the app's own workers of every kind, beside the same app visited directly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.stack import Stack
from tests.e2e.upstreams.socket_workers import SCRIPTS
from tests.e2e.upstreams.sockets import SocketApp, socket_app
from tests.support.browser import Browser, Tab

# Firefox leaves up to one nested worker in twenty-five unbegun on a busy machine, directly as
# through p2claw: its script is never asked for. Such a worker gets three successors.
RUN = """async ([script, options, message]) => {
  const here = (value) => JSON.parse(JSON.stringify(value).replaceAll(location.host, "HOST"));
  const run = () => new Promise((resolve) => {
    const worker = new Worker(script, options);
    const end = (value) => { worker.terminate(); resolve(here(value)); };
    worker.onmessage = ({ data }) => end(data);
    worker.onerror = ({ lineno, message, filename }) => end(["threw", lineno, message, filename]);
    if (message) worker.postMessage(message);
    setTimeout(() => end(["nothing came"]), 10000);
  });
  let seen = await run();
  for (let i = 0; i < 3 && message && seen[0] === "nothing came"; i++) seen = await run();
  return seen;
}"""
RUN_BLOB = """async ([path, revoke, type]) => {
  const text = await (await fetch(path)).text();
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  const worker = new Worker(url, { name: "of a blob", type });
  if (revoke) URL.revokeObjectURL(url);
  return await new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve([data[3] === url, data[4] === url,
      data[5] === new URL(url).pathname, ...data.slice(0, 3), data[6] === location.origin,
      ...data.slice(7)]);
    worker.onerror = ({ lineno, message }) => resolve(["threw", lineno, message]);
    setTimeout(() => resolve(["nothing came"]), 15000);
  });
}"""
RUN_SHARED = """async () => {
  const connect = () => new Promise((resolve) => {
    const worker = new SharedWorker("/script/shared.js", "one for all");
    const shown = (value) => JSON.parse(JSON.stringify(value).replaceAll(location.host, "HOST"));
    worker.port.onmessage = ({ data }) => resolve(shown(data));
    worker.onerror = () => resolve(["error"]);
    setTimeout(() => resolve(["nothing came"]), 15000);
  });
  return [await connect(), await connect()];
}"""
CLASSES = """() => ["Worker", "SharedWorker"].map((name) => {
  const Class = self[name];
  class Child extends Class {}
  const child = new Child("/script/throws.js");
  return [String(Class), Class.name, Class.length, Class.prototype.constructor === Class,
    child instanceof Child, child instanceof Class, String(URL.createObjectURL)];
})"""

# Of what a worker says: text, the size of the binary message, and the code of the app's own Close.
ECHOED = ("text é", 2**20, 4002)
MODULE = {"type": "module", "name": "m"}
KINDS = {
    "classic": ["/script/classic.js", {"name": "c"}],
    "strict": ["/script/strict.js"],
    "module-that-imports": ["/script/module.js", MODULE],
    "module-without-imports": ["/script/plain-module.js", MODULE],
    "nested": ["/script/nested.js", {}, "/script/classic.js"],
    "nested-of-a-blob": ["/script/nested-blob.js", {}, "go"],
}


@dataclass
class Workers:
    app: SocketApp
    direct: Tab
    through: Tab

    async def both(self, fn: str, arg: Any = None) -> tuple[Any, Any]:
        """What `fn` gives directly, and through p2claw."""
        return (
            await self.direct.evaluate(fn, arg, timeout_s=80),
            await self.through.evaluate(fn, arg, timeout_s=80),
        )


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def workers(running_browser: Browser, shared_stack: Stack) -> AsyncIterator[Workers]:
    async with socket_app(SCRIPTS) as app:
        name = f"workers-{running_browser.kind}"
        url = (await shared_stack.expose(name, app.upstream)).url
        direct = await running_browser.open(f"http://raw.localhost:{app.port}/", within="top")
        through = await running_browser.open(url)
        await through.wait_for_text("A page of sockets")
        yield Workers(app, direct, through)
        await direct.close()
        await through.close()
        await shared_stack.unexpose(name)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_worker_has_a_websocket_as_it_has_directly(workers: Workers, kind: str) -> None:
    workers.app.closed.clear()
    directly, through = await workers.both(RUN, KINDS[kind])
    assert [value for value in ECHOED if value not in directly] == [], directly
    assert through == directly
    assert workers.app.closed == [("/echo", 4001, "")] * 2


@pytest.mark.parametrize("kind", ["classic", "module"])
@pytest.mark.parametrize("revoke", [False, True], ids=["kept", "revoked-at-once"])
async def test_a_worker_out_of_a_blob_has_a_websocket(
    workers: Workers, revoke: bool, kind: str
) -> None:
    directly, through = await workers.both(RUN_BLOB, ["/script/classic.js", revoke, kind])
    assert [value for value in ECHOED if value not in directly] == [], directly
    assert through == directly


async def test_a_shared_worker_has_a_websocket_and_is_one(workers: Workers) -> None:
    directly, through = await workers.both(RUN_SHARED)
    assert [entry[0] for entry in directly] == [1, 2]
    assert through == directly


async def test_a_class_that_would_ask_the_edge_is_not_there(workers: Workers) -> None:
    look = """() => new Promise((resolve) => {
      const text = "postMessage('WebSocketStream' in self)";
      const worker = new Worker(URL.createObjectURL(new Blob([text])));
      worker.onmessage = ({ data }) => resolve(["WebSocketStream" in self, data]);
    })"""
    directly, through = await workers.both(look)
    assert directly == [workers.direct.browser.kind == "chromium"] * 2
    assert through == [False, False]


async def test_an_error_in_a_worker_has_its_own_line(workers: Workers) -> None:
    directly, through = await workers.both(RUN, ["/script/throws.js"])
    assert directly[:2] == ["threw", 3]
    assert through == directly


async def test_the_classes_of_workers_are_the_browsers_to_scripts(workers: Workers) -> None:
    directly, through = await workers.both(CLASSES)
    assert through == directly


async def test_a_worker_that_gives_up_the_opening_ends_the_apps_request(workers: Workers) -> None:
    workers.app.gave_up.clear()
    log = await workers.through.evaluate(RUN, ["/script/abort.js"], timeout_s=30)
    assert log == ["error", 1006, False]
    async with asyncio.timeout(10):
        await workers.app.gave_up.wait()


async def test_a_worker_that_is_terminated_closes_its_socket_to_the_app(workers: Workers) -> None:
    workers.app.left.clear()
    await workers.through.evaluate(
        """() => new Promise((resolve) => {
          const url = location.origin.replace(/^http/, "ws") + "/echo";
          const text = `new WebSocket("${url}").onopen = () => postMessage("open")`;
          const worker = new Worker(URL.createObjectURL(new Blob([text])));
          worker.onmessage = () => { worker.terminate(); resolve(); };
        })""",
        timeout_s=30,
    )
    async with asyncio.timeout(10):
        await workers.app.left.wait()
