// The app's cookies while the part with the jar is not here yet, or cannot be had.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { PageToSw } from "../../../src/messages/sw-page";
import { AppCookies } from "../../../src/sw/cookies/app-cookies";
import { Cookies, type OpenJar } from "../../../src/sw/cookies/cookies";
import { Readers, type ShellPage } from "../../../src/sw/cookies/readers";
import { parseCookie } from "../../../src/cookies/parse";

const locks = { query: () => Promise.resolve({ held: [] }) };
Object.defineProperty(globalThis, "navigator", { value: { locks }, configurable: true });

type Hello = Extract<PageToSw, { kind: "hello" }>;

const URL_ = "https://dog-crab.example/";
const hello = { kind: "hello", lock: "a", session: "s1", writes: [] } as unknown as Hello;
const port = { postMessage: () => undefined } as unknown as MessagePort;
const openJar: OpenJar = (kept, session) => new AppCookies(new Readers(() => []), kept, session);

function cookie(text: string): NonNullable<ReturnType<typeof parseCookie>> {
  const parsed = parseCookie(text, new URL(URL_), 0);
  assert.ok(parsed);
  return parsed;
}

function kept(
  text: string,
): Promise<{ cookies: ReturnType<typeof cookie>[]; session: string; wrote: [] }> {
  return Promise.resolve({ cookies: [cookie(text)], session: "s1", wrote: [] });
}

function client(): { received: unknown[]; client: ShellPage } {
  const received: unknown[] = [];
  return { received, client: { postMessage: (message) => void received.push(message) } };
}

/** A part that comes when it is let. */
function part(): { come(): void; asked: () => Promise<OpenJar> } {
  let come = (): void => undefined;
  const coming = new Promise<OpenJar>((resolve) => (come = () => resolve(openJar)));
  return { come: () => come(), asked: () => coming };
}

test("with nothing kept a shell is welcomed, and requests go, before the jar is here", async () => {
  const cookies = new Cookies(part().asked, Promise.resolve(undefined));
  const welcome = await cookies.meet({ ...hello, port }, client().client);
  assert.ok(welcome?.kind === "welcome" && welcome.session !== "" && !welcome.cookies.length);
  await cookies.ready();
  await cookies.receive(URL_, [["content-type", "text/html"]], "same");
  assert.equal(cookies.header(URL_, "same"), "");
});

test("the jar that comes later goes on with the session that shells were told of", async () => {
  const { asked, come } = part();
  const cookies = new Cookies(asked, Promise.resolve(undefined));
  const first = await cookies.meet({ ...hello, port }, client().client);
  come();
  await cookies.receive(URL_, [["set-cookie", "a=1"]], "same");
  const second = await cookies.meet({ ...hello, port }, client().client);
  assert.ok(first?.kind === "welcome" && second?.kind === "welcome");
  assert.equal(second.session, first.session);
  assert.equal(cookies.header(URL_, "same"), "a=1");
});

test("with cookies kept, requests wait for the jar", async () => {
  const { asked, come } = part();
  const cookies = new Cookies(asked, kept("a=1"));
  let ready = false;
  const waiting = cookies.ready().then(() => (ready = true));
  await new Promise(setImmediate);
  assert.equal(ready, false);
  come();
  await waiting;
  await cookies.meet({ ...hello, port }, client().client);
  assert.equal(cookies.header(URL_, "same"), "a=1");
});

test("a part that cannot be had is asked for again, and its shell is welcomed then", async () => {
  let there = false;
  const asked = (): Promise<OpenJar> =>
    there ? Promise.resolve(openJar) : Promise.reject(new Error("503"));
  const cookies = new Cookies(asked, kept("a=1"));
  const shell = client();
  assert.equal(await cookies.meet({ ...hello, port }, shell.client), undefined);
  await assert.rejects(cookies.ready());
  await assert.rejects(cookies.receive(URL_, [["set-cookie", "b=2"]], "same"));
  await assert.rejects(cookies.after("a", 1));
  there = true;
  await cookies.ready();
  assert.equal((shell.received[0] as { cookies: unknown[] }).cookies.length, 1);
  assert.equal(cookies.header(URL_, "same"), "a=1");
});
