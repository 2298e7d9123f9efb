// What the Service Worker makes of a request's and a response's fields.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { SwToWorker, WorkerReply } from "../../src/messages/sw-worker";
import { admit } from "../../src/sw/csp";
import { type RequestFacts, requestFields } from "../../src/sw/request-fields";
import { ResponseBody } from "../../src/sw/response-body";
import { type ResponseFacts, leadsAway, planResponse } from "../../src/sw/response-head";
import { plainDisposition } from "../../src/sw/saved-name";
import { routeOf, urgencyOf } from "../../src/sw/routing";

const ORIGIN = "http://dog-crab.localhost:8787";
const BROWSER = { origin: ORIGIN, userAgent: "UA/1", languages: ["de-AT", "de", "en"] };

function fieldsOf(given: Partial<RequestFacts>): Map<string, string> {
  const request = {
    method: "GET",
    mode: "cors",
    destination: "",
    cache: "default",
    referrer: "",
    inside: false,
    headers: [],
    marked: [],
  };
  return new Map(requestFields({ ...request, ...given }, BROWSER));
}

function planOf(given: Partial<ResponseFacts>): ReturnType<typeof planResponse> {
  const response = {
    status: 200,
    fields: [],
    decoded: false,
    page: false,
    saved: false,
    url: `${ORIGIN}/a/b`,
    around: { embedded: false, origin: ORIGIN, ownNonce: "n" },
  };
  return planResponse({ ...response, ...given }, admit, plainDisposition);
}

test("requests of other sites go to the network", () => {
  const request = { url: "https://example.org/", mode: "cors", destination: "" };
  assert.equal(routeOf(request, ORIGIN), "network");
});

test("a page at the top is the shell, and one in a frame is not", () => {
  const page = { url: `${ORIGIN}/x`, mode: "navigate" };
  assert.equal(routeOf({ ...page, destination: "document" }, ORIGIN), "shell");
  assert.equal(routeOf({ ...page, destination: "iframe" }, ORIGIN), "frame");
});

test("our own files are not the app's", () => {
  const file = { mode: "no-cors", destination: "script" };
  assert.equal(routeOf({ ...file, url: `${ORIGIN}/__p2claw/assets/x.js` }, ORIGIN), "asset");
  assert.equal(routeOf({ ...file, url: `${ORIGIN}/__p2claw/v1/visit` }, ORIGIN), "network");
});

test("a page is more urgent than a film", () => {
  const page = urgencyOf({ url: "", mode: "navigate", destination: "iframe" });
  assert.ok(page < urgencyOf({ url: "", mode: "no-cors", destination: "video" }));
});

test("the app sees the browser behind the worker", () => {
  const fields = fieldsOf({});
  assert.equal(fields.get("user-agent"), "UA/1");
  assert.equal(fields.get("accept-language"), "de-AT,de;q=0.9,en;q=0.8");
});

test("only codings that every browser can undo are asked for", () => {
  assert.equal(fieldsOf({}).get("accept-encoding"), "gzip, identity");
  assert.equal(fieldsOf({ headers: [["range", "bytes=0-"]] }).get("accept-encoding"), "identity");
});

test("a form that is sent has one origin", () => {
  assert.equal(fieldsOf({ method: "POST" }).get("origin"), ORIGIN);
  assert.equal(fieldsOf({ method: "POST", headers: [["origin", "null"]] }).get("origin"), "null");
  assert.equal(fieldsOf({}).has("origin"), false);
});

test("a page from a link of another site says so", () => {
  const fields = fieldsOf({ mode: "navigate", referrer: "https://example.org/" });
  assert.equal(fields.get("sec-fetch-site"), "cross-site");
  assert.equal(fields.get("referer"), "https://example.org/");
});

test("a page that hides where it leads from may be another site's", () => {
  const hidden = fieldsOf({ mode: "navigate" });
  assert.equal(hidden.get("sec-fetch-site"), "cross-site");
  assert.equal(hidden.has("referer"), false);
  assert.equal(fieldsOf({ mode: "navigate", method: "POST" }).get("origin"), "null");
});

test("a form says of its origin what its page is to the app", () => {
  const form = (origin: string, referrer = ""): Map<string, string> =>
    fieldsOf({ mode: "navigate", method: "POST", referrer, headers: [["origin", origin]] });
  assert.equal(form(ORIGIN).get("sec-fetch-site"), "same-origin");
  assert.equal(form("null", `${ORIGIN}/x`).get("sec-fetch-site"), "cross-site");
  assert.equal(form("https://example.org").get("sec-fetch-site"), "cross-site");
});

test("fields that a mark carries go before those that the browser shows", () => {
  const fields = fieldsOf({ headers: [["x-a", ""]], marked: [["X-A", "\u00e9"]] });
  assert.equal(fields.get("x-a"), "\u00e9");
});

test("a cookie set by the app is not passed to a browser that would drop it", () => {
  assert.deepEqual(
    planOf({
      fields: [
        ["set-cookie", "a=1"],
        ["etag", "x"],
      ],
    }).fields,
    [["etag", "x"]],
  );
});

test("a body that was decoded has neither its coding nor its length", () => {
  const fields = [
    ["content-encoding", "gzip"],
    ["content-length", "5"],
  ] as const;
  assert.deepEqual(planOf({ fields, decoded: true }).fields, []);
  assert.deepEqual(planOf({ fields }).fields, fields);
});

test("pages get our script, and data does not", () => {
  const fields = [["content-type", "text/html; charset=utf-8"]] as const;
  assert.equal(planOf({ page: true, fields }).inject, true);
  assert.equal(planOf({ page: false, fields }).inject, false);
  assert.equal(planOf({ page: true, fields: [["content-type", "image/png"]] }).inject, false);
});

test("a relative redirect is made absolute", () => {
  assert.deepEqual(planOf({ status: 302, fields: [["location", "../c?d"]] }).fields, [
    ["location", `${ORIGIN}/c?d`],
  ]);
});

test("a redirect to another site leads away", () => {
  assert.equal(
    leadsAway(302, [["location", "https://example.org/x"]], `${ORIGIN}/`),
    "https://example.org/x",
  );
  assert.equal(leadsAway(302, [["location", "/x"]], `${ORIGIN}/`), undefined);
  assert.equal(leadsAway(200, [["location", "https://example.org/"]], `${ORIGIN}/`), undefined);
});

class Box {
  readonly said: SwToWorker[] = [];
  over = 0;
  readonly body: ResponseBody;
  private readonly channel = new MessageChannel();

  constructor() {
    this.body = new ResponseBody(this.channel.port1, () => (this.over += 1));
    this.channel.port2.onmessage = ({ data }: MessageEvent<SwToWorker>) => this.said.push(data);
  }

  say(reply: WorkerReply): void {
    this.channel.port2.postMessage(reply);
  }

  async settled(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }

  close(): void {
    this.channel.port2.close();
  }
}

test("a body arrives whole, and what is read is told", async () => {
  const box = new Box();
  const reader = box.body.stream.getReader();
  box.say({ kind: "data", bytes: Uint8Array.of(1, 2, 3) });
  assert.deepEqual([...((await reader.read()).value ?? [])], [1, 2, 3]);
  box.say({ kind: "end" });
  assert.equal((await reader.read()).done, true);
  await box.settled();
  assert.deepEqual(box.said, [{ kind: "read", bytes: 3 }]);
  assert.equal(box.over, 1);
  box.close();
});

test("nothing that is not read is told as read", async () => {
  const box = new Box();
  box.say({ kind: "data", bytes: new Uint8Array(10) });
  box.say({ kind: "data", bytes: new Uint8Array(10) });
  await box.settled();
  assert.deepEqual(box.said, []);
  await box.body.stream.cancel();
  box.close();
});

test("a reader that gives up cancels the request", async () => {
  const box = new Box();
  await box.body.stream.cancel();
  await box.settled();
  assert.deepEqual(box.said, [{ kind: "cancel" }]);
  box.close();
});

test("a lost shell breaks the body off", async () => {
  const box = new Box();
  const reading = box.body.stream.getReader().read();
  box.body.fail();
  // What is no bytes fails a response in every browser, and is no abort to any.
  assert.equal((await reading).value instanceof Uint8Array, false);
  box.close();
});
