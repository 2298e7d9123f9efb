// Documents in frames of the page: what a navigation makes of a response.
"use strict";

function documentFacts(frame) {
  const facts = {};
  let doc;
  try {
    doc = frame.contentDocument;
  } catch (error) {
    return { access: parity.failure(error) };
  }
  if (doc === null) return { access: "none" };
  facts.url = doc.URL;
  facts.type = doc.contentType;
  facts.charset = doc.characterSet;
  facts.mode = doc.compatMode;
  facts.root = doc.documentElement?.localName ?? null;
  return facts;
}

function addFrame({ name, sandbox, attributes = {} } = {}) {
  const frame = document.createElement("iframe");
  if (name !== undefined) frame.name = name;
  if (sandbox !== undefined) frame.setAttribute("sandbox", sandbox);
  for (const [key, value] of Object.entries(attributes)) frame.setAttribute(key, value);
  return frame;
}

/** A frame's document. `whole`: its markup too. `wait`: ms after which a load is not awaited. */
acts.frame = async ({ url, whole = false, wait = 2500, settle = 0, ...more }) => {
  const frame = addFrame(more);
  frame.src = url;
  const loaded = parity.once(frame, "load");
  document.body.append(frame);
  const event = await parity.within(wait, loaded);
  await parity.sleep(settle);
  const facts = { loaded: event !== undefined, ...documentFacts(frame) };
  const doc = facts.access === undefined ? frame.contentDocument : null;
  if (doc !== null) {
    facts.text = await parity.shortened(doc.documentElement?.textContent ?? "");
    facts.title = doc.title;
    facts.scripts = doc.scripts?.length ?? null;
    if (whole) {
      facts.outer = await parity.shortened(doc.documentElement.outerHTML ?? "");
      facts.children = [...doc.childNodes].map((node) => `${node.nodeType} ${node.nodeName}`);
      facts.doctype = doc.doctype
        ? `${doc.doctype.name}|${doc.doctype.publicId}|${doc.doctype.systemId}` : null;
    }
    const own = frame.contentWindow.facts;
    if (own !== undefined) for (const [key, value] of Object.entries(own)) facts[`own.${key}`] = value;
  }
  frame.remove();
  return facts;
};

/** An element that loads a URL: which event it fires, and what it then knows of the resource. */
acts.element = async ({ tag, attribute = "src", url, attributes = {}, wait = 2500, read = [] }) => {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  const events = ["load", "error", "loadedmetadata", "canplay"];
  const fired = parity.once(element, ...events);
  element.setAttribute(attribute, url);
  (tag === "link" ? document.head : document.body).append(element);
  if (tag === "video" || tag === "audio") element.load();
  const event = await parity.within(wait, fired);
  const facts = { event: event?.type ?? "none" };
  for (const key of read) facts[key] = String(element[key]);
  element.remove();
  return facts;
};
