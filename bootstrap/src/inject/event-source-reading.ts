// Asks for one event stream and reads it to its end. It runs in the shell's window for its pages: what
// these get to see is made by classes of their own.

import type { FollowEvents, FollowedSource } from "../messages/event-stream";
import { ERROR_FIELD } from "../messages/sw-page";
import { EventStreamParser } from "./event-source-parser";

/** realm: of the EventSource. ask: as the app's own requests go there. */
export function followsEvents(realm: typeof globalThis, ask: typeof fetch): FollowEvents {
  return async (source) => {
    const { url, target, withCredentials, closing, lastEventId } = source;
    const headers: Record<string, string> = { accept: "text/event-stream" };
    if (lastEventId) headers["last-event-id"] = octets(lastEventId);
    const response = await ask(url, {
      headers,
      signal: closing.signal,
      cache: "no-store",
      credentials: withCredentials ? "include" : "same-origin",
    });
    // Ours means that the box is away, which passes; a response of the app is final.
    if (!isEventStream(response)) return !response.headers.has(ERROR_FIELD);
    if (source.readyState === 2) return false;
    source.readyState = 1;
    target.dispatchEvent(new realm.Event("open"));
    await read(response, source, realm);
    return false;
  };
}

async function read(
  response: Response,
  source: FollowedSource,
  realm: typeof globalThis,
): Promise<void> {
  const parser = new EventStreamParser(source.lastEventId, (ms) => {
    source.retryMs = ms;
  });
  const reader = response.body?.getReader();
  const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
  const { origin } = new URL(source.url);
  for (;;) {
    const result = await reader?.read();
    if (!result || result.done) return;
    for (const event of parser.push(utf8.decode(result.value, { stream: true }))) {
      if (source.readyState === 2) return;
      const { type, data, lastEventId } = event;
      source.target.dispatchEvent(new realm.MessageEvent(type, { data, lastEventId, origin }));
      await nextTask(realm);
    }
    source.lastEventId = parser.lastEventId;
  }
}

// A field's value is octets: each a character here.
function octets(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

// What a handler has set going by promises goes first, as between events of the browser's own.
function nextTask(realm: typeof globalThis): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new realm.MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}

function isEventStream(response: Response): boolean {
  const type = response.headers.get("content-type") ?? "";
  return response.status === 200 && /^\s*text\/event-stream\s*(;|$)/i.test(type);
}
