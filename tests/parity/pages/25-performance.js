// What the performance timeline shows of one request.
"use strict";

const asked = {
  fetch: (url) => fetch(url).then((response) => response.arrayBuffer()),
  xhr: (url) => new Promise((resolve) => {
    const xhr = new XMLHttpRequest();
    xhr.onloadend = resolve;
    xhr.open("GET", url);
    xhr.send();
  }),
  img: (url) => acts.element({ tag: "img", url }),
  script: (url) => acts.element({ tag: "script", url }),
  link: (url) => acts.element({ tag: "link", attribute: "href", attributes: { rel: "stylesheet" }, url }),
  iframe: (url) => acts.element({ tag: "iframe", url }),
  beacon: (url) => navigator.sendBeacon(url, "x"),
  post: (url) => fetch(url, { method: "POST", body: "x" }).then((response) => response.text()),
};

function entryFacts(entry) {
  const order = ["startTime", "redirectStart", "redirectEnd", "fetchStart", "domainLookupStart", "domainLookupEnd",
    "connectStart", "connectEnd", "requestStart", "responseStart", "responseEnd"];
  const set = order.filter((key) => entry[key] > 0);
  return {
    class: entry.constructor.name, type: entry.entryType, initiator: entry.initiatorType,
    protocol: entry.nextHopProtocol, delivery: entry.deliveryType, status: entry.responseStatus,
    content: entry.contentType, encoding: entry.contentEncoding, blocking: entry.renderBlockingStatus,
    sizes: [entry.encodedBodySize, entry.decodedBodySize].join("|"),
    transfer: entry.transferSize - entry.encodedBodySize,
    set: set.join(),
    sorted: set.every((key, at) => at === 0 || entry[key] >= entry[set[at - 1]] || key === "redirectStart"),
    worker: entry.workerStart > 0,
    server: entry.serverTiming?.map((one) => `${one.name}|${one.duration}|${one.description}`),
    lasts: entry.duration === entry.responseEnd - entry.startTime,
    keys: Object.keys(entry.toJSON()).sort().join(),
  };
}

acts.timing = async ({ url, by, abroad: other = false, full = true }) => {
  const whole = other ? OTHER + url : location.origin + url;
  performance.clearResourceTimings();
  const seen = [];
  const watch = new PerformanceObserver((list) => seen.push(...list.getEntriesByName(whole)));
  watch.observe({ type: "resource" });
  try {
    await asked[by](whole);
  } catch {
    // How it ends is for other cases.
  }
  await parity.sleep(150);
  watch.disconnect();
  const entries = performance.getEntriesByName(whole);
  const facts = { count: entries.length, observed: seen.length };
  if (entries[0] && full) Object.assign(facts, entryFacts(entries[0]));
  facts.others = performance.getEntriesByType("resource").filter((entry) => entry.name !== whole)
    .map((entry) => entry.name.replace(/\d{4,}/g, "N"));
  return facts;
};
