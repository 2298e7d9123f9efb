// WebSocket: events in order, codes, what is sent and what comes.
"use strict";

const payloads = {
  text: () => "hello ü 🦀",
  empty: () => "",
  long: () => "x".repeat(70_000),
  mega: () => "0123456789abcdef".repeat(65_536),
  buffer: () => new Uint8Array([0, 1, 254, 255]).buffer,
  view: () => new Uint8Array([9, 8, 7, 6]).subarray(1, 3),
  blob: () => new Blob(["blob ", "parts"]),
  megablob: () => new Blob([new Uint8Array(1_000_000).fill(3)]),
  number: () => 42,
  object: () => ({}),
  null: () => null,
  surrogate: () => "a\ud800b",
};

async function messageShown(data) {
  if (typeof data === "string") return `text ${await parity.shortened(data)}`;
  if (data instanceof Blob) return `Blob ${data.type} ${await parity.shown(await data.arrayBuffer())}`;
  return `${data.constructor.name} ${await parity.shown(data)}`;
}

/** send: payloads sent on open. expect: so many messages come, then close() as `close` says. */
acts.socket = async ({ url, protocols, send = [], expect, close, binary, early, wait = 4000 }) => {
  const facts = { events: [], messages: [] };
  let socket;
  try {
    socket = protocols === undefined ? new WebSocket(url) : new WebSocket(url, protocols);
  } catch (error) {
    return { error: parity.failure(error) };
  }
  facts.before = [socket.readyState, socket.url, socket.protocol, socket.extensions,
    socket.binaryType, socket.bufferedAmount].join("|");
  if (binary !== undefined) socket.binaryType = binary;
  const coming = [];
  const shut = () => {
    try {
      socket.close(...(close ?? []));
    } catch (error) {
      facts.closeError = parity.failure(error);
      socket.close();
    }
    facts.events.push(`closing ${socket.readyState}`);
  };
  const ended = new Promise((resolve) => {
    socket.onopen = () => {
      facts.events.push(`open ${socket.readyState} ${socket.protocol}`);
      for (const name of send) {
        try {
          socket.send(payloads[name]());
        } catch (error) {
          facts.sendError = parity.failure(error);
        }
      }
      if (expect === 0) shut();
    };
    socket.onmessage = (event) => {
      coming.push(messageShown(event.data));
      facts.events.push(`message ${socket.readyState} ${event.origin} ${event.lastEventId}`);
      if (coming.length === expect) shut();
    };
    socket.onerror = (event) => facts.events.push(`error ${socket.readyState} ${event.constructor.name}`);
    socket.onclose = (event) => {
      facts.events.push(`close ${socket.readyState} ${event.constructor.name}`);
      facts.code = event.code;
      facts.reason = event.reason;
      facts.clean = event.wasClean;
      resolve("closed");
    };
  });
  if (early === "send") {
    try {
      socket.send("too early");
    } catch (error) {
      facts.early = parity.failure(error);
    }
  }
  if (early === "close") shut();
  facts.end = (await parity.within(wait, ended)) ?? `open ${socket.readyState}`;
  facts.messages = await Promise.all(coming);
  if (facts.end === "closed") {
    try {
      socket.send("late");
      facts.late = `buffered ${socket.bufferedAmount > 0}`;
    } catch (error) {
      facts.late = parity.failure(error);
    }
  } else socket.close();
  return facts;
};
