// What all acts share. An act is a function of its case's arguments that returns a flat object of
// facts; the runner calls `start` with cases and fetches what is done with `collect`.
"use strict";

const acts = {};

const parity = (() => {
  // As they were before a case could change them.
  const later = window.setTimeout.bind(window);
  const digest = crypto.subtle.digest.bind(crypto.subtle);
  const SHOWN = 1500;
  const done = [];
  const flying = new Set();
  let left = 0;

  async function hash(bytes) {
    const sum = new Uint8Array(await digest("SHA-256", bytes));
    return [...sum.slice(0, 8)].map((octet) => octet.toString(16).padStart(2, "0")).join("");
  }

  /** Short bytes as latin-1, long ones as length and digest. */
  async function shown(buffer) {
    const bytes = new Uint8Array(buffer);
    if (bytes.length > SHOWN) return `${bytes.length} bytes, ${await hash(bytes)}`;
    return [...bytes].map((octet) => String.fromCharCode(octet)).join("");
  }

  async function shortened(text) {
    return text.length > SHOWN
      ? `${text.length} characters, ${await hash(new TextEncoder().encode(text))}`
      : text;
  }

  function failure(error) {
    return `${error?.constructor?.name}/${error?.name}: ${error?.message}`;
  }

  const sleep = (ms) => new Promise((resolve) => later(resolve, ms));

  /** Resolves with the value, or with undefined when it takes longer. */
  const within = (ms, promise) => Promise.race([promise, sleep(ms)]);

  async function run(given) {
    flying.add(given.id);
    const began = performance.now();
    let facts;
    const limit = sleep(given.limit_ms).then(() => ({ hung: true }));
    try {
      facts = await Promise.race([acts[given.act](given.args, given), limit]);
    } catch (error) {
      facts = { threw: failure(error) };
    }
    flying.delete(given.id);
    done.push([given.id, facts, Math.round(performance.now() - began)]);
  }

  async function start(cases, abreast) {
    const waiting = [...cases];
    left = waiting.length;
    const work = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        await run(next);
        left -= 1;
      }
    };
    await Promise.all(Array.from({ length: abreast }, work));
  }

  const collect = () => ({ done: done.splice(0), flying: [...flying], left });

  /** An event's promise; `names` are several events of which the first counts. */
  function once(target, ...names) {
    return new Promise((resolve) => {
      for (const name of names) target.addEventListener(name, resolve, { once: true });
    });
  }

  return { start, collect, hash, shown, shortened, failure, sleep, within, once };
})();
