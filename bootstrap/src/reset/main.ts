// The page that forgets everything which this browser has kept of one address. It uses nothing else of
// ours, for it is there for when something else of ours is broken. The key of the box is asked for
// apart: without it the next visit trusts whoever replies.

import { LOCK_PREFIX, type PageToSw } from "../messages/sw-page";

const PINS = "p2claw";
// The cookie of shell/browser-session.
const SESSION = "p2claw.session=; path=/__p2claw/session; max-age=0";
const BLOCKED = "some are still in use by another tab: close it, and do this again";
const BLOCKED_MS = 3_000;

const element = (id: string): HTMLElement => document.getElementById(id) as HTMLElement;

// Each says in a few words what was there and is gone.
const STEPS: [what: string, act: () => Promise<string>][] = [
  ["Service Workers", () => each(registrations(), (one) => one.unregister())],
  ["Files and pages kept", () => each(caches.keys(), (name) => caches.delete(name))],
  ["Databases", async () => each(databases(), dropDatabase)],
  ["Settings of pages", async () => `${clear(localStorage) + clear(sessionStorage)} removed`],
  ["Cookies", async () => `${dropCookies()} removed`],
  [
    "Private files",
    () => each(files(), ([root, name]) => root.removeEntry(name, { recursive: true })),
  ],
];

element("host").textContent = location.hostname;
element("act").onclick = () => void forget();

async function forget(): Promise<void> {
  button(undefined);
  const { held } = await navigator.locks.query();
  const tabs = (held ?? []).filter(({ name }) => name?.startsWith(LOCK_PREFIX)).length;
  if (tabs) row("Other tabs of this address", `${tabs} open: what they still do is kept anew`);
  await forgetInMemory();
  for (const [what, act] of STEPS) {
    row(what, await act().catch((error: unknown) => `not removed (${String(error)})`));
  }
  if (await hasPins()) askForPins();
  else over();
}

// A Service Worker of this page goes on until the page is left, and may be taken up again then.
function forgetInMemory(): Promise<unknown> {
  const { port1, port2 } = new MessageChannel();
  const { controller } = navigator.serviceWorker;
  return new Promise((resolve) => {
    port1.onmessage = resolve;
    setTimeout(resolve, controller ? BLOCKED_MS : 0);
    controller?.postMessage({ kind: "forget" } satisfies PageToSw, [port2]);
  });
}

function askForPins(): void {
  element("title").textContent = "Forget the machine too?";
  show(
    "One thing is still kept: which machine this address belongs to. Without it your browser takes whoever answers next for the right one. Forget it only if you know that the machine was replaced.",
  );
  button("Forget the machine too", async () => {
    row("The machine's key", (await dropDatabase(PINS)) ? "removed" : BLOCKED);
    over();
  });
  document.documentElement.dataset["step"] = "asked";
}

function over(): void {
  element("title").textContent = "Forgotten";
  show("This browser has nothing of this address any more.");
  button(undefined);
  document.documentElement.dataset["step"] = "over";
}

async function each<T>(found: Promise<T[]>, drop: (one: T) => Promise<unknown>): Promise<string> {
  const gone = await Promise.all((await found).map(drop));
  const removed = `${gone.filter((one) => one !== false).length} removed`;
  return gone.includes(false) ? `${removed}; ${BLOCKED}` : removed;
}

async function registrations(): Promise<ServiceWorkerRegistration[]> {
  return [...(await navigator.serviceWorker.getRegistrations())];
}

async function databases(): Promise<string[]> {
  const all = await indexedDB.databases();
  return all.flatMap(({ name }) => (name === undefined || name === PINS ? [] : [name]));
}

async function hasPins(): Promise<boolean> {
  return (await indexedDB.databases()).some(({ name }) => name === PINS);
}

function dropDatabase(name: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => resolve(true);
    request.onerror = () => reject(request.error ?? new Error(name));
    setTimeout(resolve, BLOCKED_MS, false);
  });
}

function clear(storage: Storage): number {
  const { length } = storage;
  storage.clear();
  return length;
}

function dropCookies(): number {
  document.cookie = SESSION;
  const names = document.cookie.split("; ").map((pair) => pair.split("=", 1)[0] ?? "");
  for (const name of names) document.cookie = `${name}=; path=/; max-age=0`;
  return names.filter(Boolean).length + 1;
}

async function files(): Promise<[FileSystemDirectoryHandle, string][]> {
  const root = await navigator.storage.getDirectory();
  const found: [FileSystemDirectoryHandle, string][] = [];
  for await (const name of root.keys()) found.push([root, name]);
  return found;
}

function show(text: string): void {
  element("text").textContent = text;
}

function button(text: string | undefined, act?: () => Promise<void>): void {
  const one = element("act") as HTMLButtonElement;
  one.hidden = text === undefined;
  one.textContent = text ?? "";
  one.onclick = () => void act?.();
}

function row(what: string, how: string): void {
  const [term, definition] = [document.createElement("dt"), document.createElement("dd")];
  term.textContent = what;
  definition.textContent = how;
  element("done").append(term, definition);
  element("done").hidden = false;
}
