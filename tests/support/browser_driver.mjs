// Drives one real browser for the tests, from another process: one JSON command a line on standard
// input, one JSON reply per line on standard output. tests/support/browser.py is the other side.
//
//   → {"id": 1, "do": "launch", "kind": "firefox", "profile": "/…", "downloads": "/…"}
//   ← {"id": 1, "ok": {"pid": 4711, "version": "…"}}
//   → {"id": 2, "do": "open", "tab": "a"}      then goto, evaluate, click, type, upload, …
//   ← {"id": 2, "error": "…"}
//   ← {"tab": "a", "event": "console", "level": "error", "text": "…"}

import { createInterface } from "node:readline";
import { launch } from "./browser_launch.mjs";
import { Tab } from "./browser_tabs.mjs";

const TAB_COMMANDS = new Set([
  ...["goto", "reload", "front", "evaluate", "click", "type", "upload", "screenshot"],
  ...["press", "write", "back", "forward", "dialogs", "pdf", "cdp"],
]);

let browser = null;
const tabs = new Map();
let first = []; // what the browser opens by itself at its start

async function run({ do: command, tab: name, ...given }) {
  if (command === "launch") {
    browser = await launch(given);
    first = await browser.pages();
    return { pid: browser.process().pid, version: await browser.version() };
  }
  if (browser === null) throw new Error("launch comes first");
  if (command === "open") {
    tabs.set(name, new Tab(await browser.newPage(), (event) => send({ tab: name, ...event })));
    return null;
  }
  if (command === "adopt") {
    // The newest tab that a page opened by itself.
    const found = (await unknown()).at(-1);
    if (found === undefined) throw new Error("no page has opened a tab");
    tabs.set(name, new Tab(found, (event) => send({ tab: name, ...event })));
    return null;
  }
  if (command === "sweep") {
    await Promise.all((await unknown()).map((page) => page.close()));
    return null;
  }
  if (command === "forget") {
    await browser.deleteCookie(...(await browser.cookies()));
    return null;
  }
  if (command === "quit") {
    await browser.close();
    return null;
  }
  const tab = tabs.get(name);
  if (tab === undefined) throw new Error(`no tab ${name}`);
  if (command === "close") {
    tabs.delete(name);
    return tab.close();
  }
  if (!TAB_COMMANDS.has(command)) throw new Error(`unknown command ${command}`);
  return tab[command](given);
}

// The tabs that no command has opened.
async function unknown() {
  const known = new Set([...first, ...[...tabs.values()].map((tab) => tab.page)]);
  return (await browser.pages()).filter((page) => !known.has(page));
}

function send(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

async function reply(line) {
  const { id, ...command } = JSON.parse(line);
  try {
    send({ id, ok: (await run(command)) ?? null });
  } catch (error) {
    send({ id, error: String(error?.message ?? error) });
  }
}

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => void reply(line));
lines.on("close", () => {
  // The test process is gone: nobody else would end the browser.
  browser?.process()?.kill("SIGKILL");
  process.exit(0);
});
