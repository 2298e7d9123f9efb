// Cookies: one case at a time, in a page below /stage/jar/, with a jar that is emptied after each
// by the response of the case's address `erase`.
"use strict";

const bytesOf = async (response) => parity.shown(await response.arrayBuffer());

/** Empties the jar: the server says so, then script takes what is left. */
async function emptyJar(erase) {
  await fetch(erase);
  for (const pair of document.cookie.split("; ").filter(Boolean)) {
    const name = pair.includes("=") ? pair.split("=")[0] : "";
    for (const path of ["/", "/stage", "/stage/jar", "/stage/jar/page", "/stage/", "/stage/jar/"]) {
      document.cookie = `${name}=x; Path=${path}; Max-Age=0; Secure`;
      document.cookie = `${name}=x; Path=${path}; Max-Age=0; Secure; Partitioned`;
    }
  }
}

/** Set by the response to `url` (or by script), then seen by script and, at each of `at`, by the
 * server. `at` are addresses that respond with the Cookie field as it came. */
acts.cookie = async ({ url, script = [], at, erase, first, credentials }) => {
  const facts = {};
  if (first !== undefined) await fetch(first);
  if (url !== undefined) {
    facts.status = (await fetch(url, { credentials: credentials ?? "same-origin" })).status;
  }
  for (const text of script) document.cookie = text;
  facts.script = document.cookie;
  for (const [name, address] of Object.entries(at)) {
    facts[name] = await bytesOf(await fetch(address, { cache: "no-store" }));
  }
  facts.again = document.cookie;
  await emptyJar(erase);
  return facts;
};

acts.cookieStore = async ({ steps, at, erase }) => {
  const facts = {};
  if (!("cookieStore" in window)) return { exists: false };
  const changes = [];
  const note = (event) => changes.push(...event.changed.map((c) => `+${c.name}=${c.value}`),
    ...event.deleted.map((c) => `-${c.name}=${c.value}`));
  await parity.sleep(60); // until everyone knows how the jar was emptied
  cookieStore.addEventListener("change", note);
  for (const [index, [method, ...args]] of steps.entries()) {
    try {
      facts[`step${index}`] = (await cookieStore[method](...args)) ?? null;
    } catch (error) {
      facts[`step${index}`] = parity.failure(error);
    }
  }
  facts.script = document.cookie;
  facts.server = await bytesOf(await fetch(at, { cache: "no-store" }));
  await parity.sleep(60);
  cookieStore.removeEventListener("change", note);
  facts.changes = changes;
  await emptyJar(erase);
  return facts;
};
