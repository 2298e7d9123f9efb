// EventSource on fetch: the browsers' own gives up for good when the Service Worker is stopped.

import type { EventParserClass } from "../messages/event-parser";
import { ERROR_FIELD } from "../messages/sw-page";
import { impersonate } from "./impersonate";
import { linkedUrl } from "./own-url";

const RETRY_MS = 3_000;

/** What reads a stream: loaded with the first of them, where that is not at once. */
export type LoadParser = () => Promise<EventParserClass>;

/** In the page or the worker that it runs in. ask: as the app's own requests go. */
export function wrapEventSource(ask: typeof fetch, load: LoadParser): void {
  impersonate("EventSource", ([url, init], made) => {
    const own = url === undefined ? undefined : linkedUrl(url as string | URL);
    // Another origin's is the browser's own affair; a malformed URL is its error too.
    return (
      own && new AppEventSource(made(), own.href, init as EventSourceInit | undefined, ask, load)
    );
  });
}

class AppEventSource {
  readyState = 0;
  readonly withCredentials: boolean;
  private retryMs = RETRY_MS;
  private lastEventId = "";
  private timer: ReturnType<typeof setTimeout> | undefined;
  private abort = new AbortController();

  constructor(
    private readonly target: EventTarget,
    readonly url: string,
    init: EventSourceInit | undefined,
    private readonly ask: typeof fetch,
    private readonly load: LoadParser,
  ) {
    this.withCredentials = Boolean(init?.withCredentials);
    void this.connect();
  }

  close(): void {
    this.readyState = 2;
    clearTimeout(this.timer);
    this.abort.abort();
  }

  private async connect(): Promise<void> {
    const { signal } = this.abort;
    const headers: Record<string, string> = { accept: "text/event-stream" };
    if (this.lastEventId) headers["last-event-id"] = octets(this.lastEventId);
    try {
      const credentials = this.withCredentials ? "include" : "same-origin";
      const response = await this.ask(this.url, {
        headers,
        signal,
        cache: "no-store",
        credentials,
      });
      if (!isEventStream(response)) {
        // Ours means that the box is away, which passes; a response of the app is final.
        if (!response.headers.has(ERROR_FIELD)) this.fail();
        else this.again();
        return;
      }
      const Parser = await this.load();
      if (this.isClosed()) return;
      this.readyState = 1;
      this.target.dispatchEvent(new Event("open"));
      await this.read(response, Parser);
    } catch {
      // The link was lost, or close() was called: the state shows which.
    }
    this.again();
  }

  private async read(response: Response, Parser: EventParserClass): Promise<void> {
    const parser = new Parser(this.lastEventId, (ms) => {
      this.retryMs = ms;
    });
    const reader = response.body?.getReader();
    const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
    for (;;) {
      const result = await reader?.read();
      if (!result || result.done) return;
      for (const event of parser.push(utf8.decode(result.value, { stream: true }))) {
        if (this.readyState === 2) return;
        const { type, data, lastEventId } = event;
        const { origin } = new URL(this.url);
        this.target.dispatchEvent(new MessageEvent(type, { data, lastEventId, origin }));
        await nextTask();
      }
      this.lastEventId = parser.lastEventId;
    }
  }

  private again(): void {
    if (this.readyState === 2) return;
    this.readyState = 0;
    this.target.dispatchEvent(new Event("error"));
    if (this.isClosed()) return;
    this.abort = new AbortController();
    this.timer = setTimeout(() => void this.connect(), this.retryMs);
  }

  // The error's handlers may have closed it.
  private isClosed(): boolean {
    return this.readyState === 2;
  }

  private fail(): void {
    if (this.readyState === 2) return;
    this.readyState = 2;
    this.target.dispatchEvent(new Event("error"));
  }
}

// A field's value is octets: each a character here.
function octets(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

// What a handler has set going by promises goes first, as between events of the browser's own.
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
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
