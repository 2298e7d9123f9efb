// XMLHttpRequest: what it holds at the end, and which events it fires in which order.
"use strict";

const XHR_EVENTS = ["loadstart", "progress", "abort", "error", "load", "timeout", "loadend"];

function xhrFacts(xhr, brief) {
  const facts = { status: xhr.status, text: xhr.statusText, state: xhr.readyState };
  if (brief) return facts;
  facts.url = xhr.responseURL;
  const lines = xhr.getAllResponseHeaders().split("\r\n").filter(Boolean);
  Object.assign(facts, fieldFacts(lines.map((line) => line.split(/: (.*)/s, 2))));
  return facts;
}

async function xhrBody(xhr) {
  const value = xhr.response;
  if (value === null) return null;
  if (value instanceof ArrayBuffer) return parity.shown(value);
  if (value instanceof Blob) return `${value.type}|${value.size}`;
  if (value instanceof Document) return new XMLSerializer().serializeToString(value);
  if (typeof value === "string") return parity.shortened(value);
  return JSON.stringify(value);
}

/** One event as a word; `progress` events of one kind in a row count once. */
function note(log, word) {
  if (log.at(-1) === word) return;
  // In how many pieces a body comes is the network's affair.
  if (/^(state 3|progress)/.test(word) && log.slice(-2).includes(word)) return;
  log.push(word);
}

acts.xhr = async (args) => {
  const { url, method = "GET", headers = [], type = "", body, abortAt, timeout, brief } = args;
  const xhr = new XMLHttpRequest();
  const log = [];
  const facts = {};
  xhr.onreadystatechange = () => {
    note(log, `state ${xhr.readyState} status ${xhr.status}`);
    if (abortAt === `state${xhr.readyState}`) xhr.abort();
  };
  for (const name of XHR_EVENTS) {
    xhr.addEventListener(name, (event) => {
      const counts = name === "progress" ? "" : ` ${event.loaded}/${event.total}`;
      note(log, `${name}${counts} ${event.lengthComputable}`);
    });
    if (args.upload) {
      xhr.upload.addEventListener(name, (event) => {
        const counts = name === "progress" ? "" : ` ${event.loaded}/${event.total}`;
        note(log, `upload ${name}${counts} ${event.lengthComputable}`);
      });
    }
  }
  try {
    xhr.open(method, url, true);
    if (args.mime) xhr.overrideMimeType(args.mime);
    xhr.responseType = type;
    xhr.withCredentials = args.credentials ?? false;
    if (timeout) xhr.timeout = timeout;
    for (const [name, value] of headers) xhr.setRequestHeader(name, value);
    const ended = parity.once(xhr, "loadend");
    xhr.send(body === undefined ? null : bodies[body]());
    if (abortAt === "sent") xhr.abort();
    else if (typeof abortAt === "number") setTimeout(() => xhr.abort(), abortAt);
    await ended;
  } catch (error) {
    facts.error = parity.failure(error);
  }
  Object.assign(facts, xhrFacts(xhr, brief));
  facts.body = await xhrBody(xhr);
  if (!brief) facts.events = log;
  return facts;
};

acts.xhrSync = async ({ url, method = "GET", body, type }) => {
  const xhr = new XMLHttpRequest();
  const facts = {};
  try {
    xhr.open(method, url, false);
    if (type) xhr.responseType = type;
    xhr.send(body === undefined ? null : bodies[body]());
    Object.assign(facts, { status: xhr.status, text: xhr.statusText, url: xhr.responseURL });
    facts.body = await xhrBody(xhr);
  } catch (error) {
    facts.error = parity.failure(error);
  }
  return facts;
};
