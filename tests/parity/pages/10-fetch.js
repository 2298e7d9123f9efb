// fetch() and what it gives back.
"use strict";

const bodies = {
  text: () => "plain text ü",
  params: () => new URLSearchParams({ a: "1 2", ü: "&=" }),
  form: () => {
    const form = new FormData();
    form.append("a", "1");
    form.append("ü", 'x"y\r\nz');
    form.append("file", new File(["content"], 'na"me ü.txt', { type: "text/x-odd" }));
    form.append("blob", new Blob(["more"]));
    return form;
  },
  buffer: () => new Uint8Array([0, 1, 2, 255]).buffer,
  view: () => new Uint8Array([0, 1, 2, 255]).subarray(1, 3),
  dataview: () => new DataView(new Uint8Array([7, 8, 9]).buffer, 1),
  blob: () => new Blob(["blob body"]),
  typed: () => new Blob(["blob body"], { type: "Text/X-Odd; Charset=x" }),
  file: () => new File(["file body"], "f.txt", { type: "text/plain" }),
  empty: () => "",
  emptyblob: () => new Blob([]),
  emptyform: () => new FormData(),
  none: () => undefined,
  null: () => null,
  number: () => 42,
  object: () => ({}),
  big100k: () => "0123456789".repeat(10_000),
  big1m: () => new Uint8Array(1_000_000).fill(7),
  bigblob: () => new Blob([new Uint8Array(3_000_000).fill(9)]),
  bigform: () => {
    const form = new FormData();
    form.append("file", new File([new Uint8Array(200_000).fill(5)], "big.bin"));
    return form;
  },
  stream: () => new Blob(["streamed"]).stream(),
};

function options({ init = {}, body, headers }) {
  const made = { ...init };
  if (body !== undefined) made.body = bodies[body]();
  if (headers !== undefined) made.headers = headers;
  if (made.body instanceof ReadableStream) made.duplex = "half";
  return made;
}

/** Fields apart: those of the connection, and those that name a coding. */
function fieldFacts(fields) {
  const coded = fields.some(([name]) => name === "content-encoding");
  const kind = (name) => /^(connection|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade)$/.test(name)
    ? "hop" : coded && /^content-(encoding|length)$/.test(name) ? "coded" : "headers";
  const facts = { headers: [] };
  for (const [name, value] of fields) (facts[kind(name)] ??= []).push(`${name}: ${value ?? ""}`);
  return facts;
}

async function responseFacts(response, { read = "arrayBuffer", brief = false } = {}) {
  const facts = { status: response.status, text: response.statusText };
  if (!brief) {
    Object.assign(facts, {
      ok: response.ok,
      type: response.type,
      url: response.url,
      redirected: response.redirected,
      ...fieldFacts([...response.headers]),
      hasBody: response.body !== null,
    });
  }
  try {
    const value = await response[read]();
    if (value instanceof ArrayBuffer) facts.body = await parity.shown(value);
    else if (value instanceof Blob) facts.body = `${value.type}|${await value.text()}`;
    else if (value instanceof FormData) facts.body = [...value].map(String);
    else if (value instanceof Uint8Array) facts.body = await parity.shown(value.buffer);
    else facts.body = typeof value === "string" ? await parity.shortened(value) : value;
  } catch (error) {
    facts.bodyError = parity.failure(error);
  }
  return facts;
}

acts.fetch = async (args) => {
  let response;
  try {
    response = await fetch(args.url, options(args));
  } catch (error) {
    return { error: parity.failure(error) };
  }
  return responseFacts(response, args);
};

/** The value that a script reads of one field, octet by octet. */
acts.field = async ({ url, name }) => {
  const response = await fetch(url);
  const value = response.headers.get(name);
  return { value, codes: value === null ? null : [...value].map((c) => c.charCodeAt(0)).join() };
};

/** By a Request object, and by a clone of it. */
acts.request = async (args) => {
  const request = new Request(args.url, options(args));
  const facts = {
    method: request.method, url: request.url, mode: request.mode, cache: request.cache,
    credentials: request.credentials, redirect: request.redirect, referrer: request.referrer,
    policy: request.referrerPolicy, destination: request.destination,
    keepalive: request.keepalive, integrity: request.integrity,
    headers: [...request.headers].map(String), used: request.bodyUsed,
  };
  const copy = request.clone();
  const first = await fetch(request);
  facts.usedAfter = request.bodyUsed;
  facts.first = await parity.shown(await first.arrayBuffer());
  const second = await fetch(copy);
  facts.second = await parity.shown(await second.arrayBuffer());
  return facts;
};

/** Piece by piece; sizes are the network's, so only the sum counts. */
acts.stream = async ({ url, byob = false, stopAfter = Infinity, how = "cancel" }) => {
  const control = new AbortController();
  const response = await fetch(url, { signal: control.signal });
  const reader = response.body.getReader(byob ? { mode: "byob" } : {});
  const facts = { locked: response.body.locked, used: response.bodyUsed };
  const pieces = [];
  let length = 0;
  try {
    while (length < stopAfter) {
      const { value, done } = await reader.read(...(byob ? [new Uint8Array(1000)] : []));
      if (done) break;
      facts.kind = value.constructor.name;
      length += value.length;
      for (const octet of value) pieces.push(octet);
    }
    if (length >= stopAfter) {
      if (how === "cancel") facts.cancelled = String(await reader.cancel("enough"));
      else control.abort();
      const next = await reader.read();
      facts.afterwards = String(next.done);
    }
  } catch (error) {
    facts.error = parity.failure(error);
  }
  facts.length = stopAfter === Infinity ? length : length >= stopAfter;
  if (stopAfter === Infinity) facts.body = await parity.shown(new Uint8Array(pieces).buffer);
  facts.closed = await parity.within(1500, reader.closed.then(() => "closed", parity.failure));
  return facts;
};

/** Aborted after `ms`, with the reason given. */
acts.abort = async ({ url, ms, reason, phase, timeout }) => {
  const control = new AbortController();
  const why = { none: undefined, text: "because", error: new RangeError("own") }[reason];
  const signal = timeout ? AbortSignal.timeout(ms) : control.signal;
  const facts = {};
  if (phase === "before") control.abort(why);
  else if (!timeout && phase !== "body") setTimeout(() => control.abort(why), ms);
  try {
    const response = await fetch(url, { signal });
    facts.status = response.status;
    if (phase === "body") setTimeout(() => control.abort(why), ms);
    facts.body = (await response.text()).length;
  } catch (error) {
    facts.error = typeof error === "string" ? `text: ${error}` : parity.failure(error);
  }
  facts.aborted = signal.aborted;
  return facts;
};
