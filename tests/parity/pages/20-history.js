// The session history, as a page sees it that moves within itself.
"use strict";

const moves = {
  push: (state, url) => history.pushState(state, "", url),
  replace: (state, url) => history.replaceState(state, "", url),
  odd: (kind) => history.pushState(oddStates[kind](), "", "?odd"),
  back: () => history.back(),
  forward: () => history.forward(),
  go: (by) => history.go(by),
  hash: (text) => void (location.hash = text),
  href: (text) => void (location.href = text),
  assign: (text) => location.assign(text),
  swap: (text) => location.replace(text),
  restoration: (how) => void (history.scrollRestoration = how),
  click: (href) => {
    const link = document.createElement("a");
    link.href = href;
    document.body.append(link);
    link.click();
    link.remove();
  },
  navigate: (url, options) => void navigation.navigate(url, options),
  keep: (state) => navigation.updateCurrentEntry({ state }),
  change: () => {
    history.state.a = "changed";
  },
  remember: (state) => {
    moves.held = state;
    history.pushState(state, "");
    state.a = "changed later";
  },
};

const oddStates = {
  date: () => new Date(0), map: () => new Map([[1, { a: 1 }]]), set: () => new Set(["x"]), regexp: () => /x/gi,
  blob: () => new Blob(["b"]), buffer: () => new Uint8Array([1, 2]), error: () => new RangeError("r"), big: () => 2n ** 70n,
  nan: () => NaN, undefined: () => undefined, nothing: () => null, function: () => () => 1, symbol: () => Symbol("s"),
  cycle: () => { const loop = {}; loop.loop = loop; return loop; }, node: () => document.body, long: () => "x".repeat(600_000),
  sparse: () => [1, , 3], nested: () => ({ a: { b: [{ c: "ü🦀" }] } }), prototype: () => new (class X { y = 1; })(), port: () => new MessageChannel().port1,
};

function stateShown() {
  const { state } = history;
  if (state === undefined || state === null || typeof state !== "object") return `${typeof state} ${String(state).slice(0, 60)}`;
  const kind = Object.prototype.toString.call(state);
  try {
    return `${kind} ${JSON.stringify(state instanceof Map || state instanceof Set ? [...state] : state).slice(0, 120)}`;
  } catch (error) {
    return `${kind} ${error.name}`;
  }
}

/** After each step: length against the beginning, state, address; and the events that it fired. */
acts.history = async ({ steps }) => {
  const facts = {};
  const log = [];
  const path = () => location.href.slice(location.origin.length);
  const record = (event) => {
    if (event.type === "popstate") log.push(`popstate ${JSON.stringify(event.state)} ${path()}`);
    else log.push(`${event.type} ${event.oldURL.split("#")[1] ?? "-"} ${event.newURL.split("#")[1] ?? "-"}`);
  };
  for (const name of ["popstate", "hashchange"]) addEventListener(name, record);
  const begun = history.length;
  facts.first = `${stateShown()} ${history.scrollRestoration}`;
  for (const [index, [move, ...given]] of steps.entries()) {
    try {
      moves[move](...given);
    } catch (error) {
      facts[`step${index}.error`] = parity.failure(error);
    }
    const now = [history.length - begun, stateShown(), path(), history.scrollRestoration].join("|");
    await parity.sleep(["back", "forward", "go"].includes(move) ? 350 : 60);
    facts[`step${index}.now`] = now;
    facts[`step${index}.then`] = [history.length - begun, stateShown(), path(), history.scrollRestoration].join("|");
    facts[`step${index}.events`] = log.splice(0);
  }
  facts.same = history.state === history.state;
  facts.document = `${document.URL === location.href} ${document.location === location}`;
  return facts;
};
