"""Scripts of workers that open a WebSocket to their app, and report how it went."""

from __future__ import annotations

# `self.socketLife(Class)` gives what happens on one WebSocket, and what the worker knows of itself.
LIFE = r"""
const kind = (function () { return this === undefined ? "strict" : "sloppy"; })();
const line = Number(/:(\d+):\d+\)?\s*$/m.exec(new Error("a").stack)[1]);
self.socketLife = (Class) => new Promise((resolve) => {
  const log = [kind, line, self.name, location.href, String(location), location.pathname,
    location.origin, Class.name, String(Class), Class === WebSocket, Class.prototype.constructor ===
    Class, Object.getOwnPropertyNames(self).filter((name) => /p2claw/i.test(name))];
  const url = location.origin.replace(/^http/, "ws") + "/echo";
  const socket = new Class(url, "v1");
  socket.binaryType = "arraybuffer";
  const sent = new Uint8Array(2 ** 20).map((_, i) => i % 251);
  socket.onopen = () => { log.push(socket.protocol); socket.send("text \u00e9"); };
  socket.onmessage = ({ data }) => {
    if (typeof data === "string") { log.push(data); socket.send(sent); return; }
    const got = new Uint8Array(data);
    log.push(got.length, got.every((byte, i) => byte === sent[i]));
    socket.close(4001, "by the worker");
  };
  socket.onerror = () => log.push("error");
  socket.onclose = ({ code, reason, wasClean }) => {
    log.push(code, reason, wasClean);
    const ending = new Class(url.replace("/echo", "/ending?code=4002"));
    ending.onclose = (event) => { log.push(event.code, event.reason); resolve(log); };
  };
});
"""
REPORT = "socketLife(WebSocket).then((log) => postMessage(log));\n"
INNER = """onmessage = ({ data: url }) => {
  const inner = new Worker(url, { name: "inner" });
  inner.onmessage = ({ data }) => postMessage(data);
  inner.onerror = () => postMessage(["no inner worker"]);
};
"""
BLOB = """onmessage = async () => {
  const text = await (await fetch("/script/classic.js")).text();
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  const inner = new Worker(url, { name: "inner" });
  inner.onmessage = ({ data }) => postMessage([data[3] === url, data[4] === url,
    data[5] === new URL(url).pathname, ...data.slice(0, 3), ...data.slice(6)]);
};
"""
# Its Class is what it finds before the module that imports it has begun.
EARLY = f'{LIFE.lstrip()}export const Early = WebSocket;\nself.early = "ran";\n'

SCRIPTS = {
    "classic.js": LIFE.lstrip() + REPORT,
    "strict.js": '// A comment first\n"use strict";\n' + LIFE + REPORT,
    "module.js": 'import { Early } from "./early.js";\n'
    "socketLife(Early).then((log) => postMessage([import.meta.url, ...log]));\n",
    "plain-module.js": LIFE + REPORT.replace("log))", "[...log, import.meta.url]))"),
    "early.js": EARLY,
    "nested.js": INNER,
    "nested-blob.js": BLOB,
    "shared.js": LIFE
    + "onconnect = ({ ports: [port] }) => {\n"
    + "  self.visits = (self.visits ?? 0) + 1;\n"
    + "  socketLife(WebSocket).then((log) => port.postMessage([visits, ...log]));\n};\n",
    "throws.js": "const a = 1;\n\n  thisIsNotThere();\n",
    "abort.js": """const socket = new WebSocket(location.origin.replace(/^http/, "ws") + "/hang");
const log = [];
socket.onerror = () => log.push("error");
socket.onclose = ({ code, wasClean }) => postMessage([...log, code, wasClean]);
setTimeout(() => socket.close(), 500);
""",
}
