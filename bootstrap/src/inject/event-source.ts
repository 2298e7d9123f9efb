// EventSource on fetch: the browsers' own gives up for good when the Service Worker is stopped.

import { ERROR_FIELD } from "../messages/sw-page";
import { EventStreamParser } from "./event-source-parser";
import { appUrl } from "./own-url";

const RETRY_MS = 3_000;

type Handler = ((event: Event) => void) | null;

export function wrapEventSource(): void {
  const Native = window.EventSource;

  class AppEventSource extends EventTarget {
    static readonly CONNECTING = 0;
    static readonly OPEN = 1;
    static readonly CLOSED = 2;
    readonly CONNECTING = 0;
    readonly OPEN = 1;
    readonly CLOSED = 2;
    readyState = 0;
    readonly url: string;
    readonly withCredentials: boolean;
    private retryMs = RETRY_MS;
    private lastEventId = "";
    private timer: ReturnType<typeof setTimeout> | undefined;
    private abort = new AbortController();
    private readonly handlers = new Map<string, Handler>();

    static override [Symbol.hasInstance](value: unknown): boolean {
      return value instanceof Native || Function.prototype[Symbol.hasInstance].call(this, value);
    }

    constructor(url: string | URL, init?: EventSourceInit) {
      super();
      const own = appUrl(url);
      this.url = own?.href ?? "";
      this.withCredentials = init?.withCredentials ?? false;
      // Another origin's is the browser's own affair; a malformed URL is its error too.
      if (!own) return new Native(url, init) as unknown as AppEventSource;
      void this.connect();
    }

    get onopen(): Handler {
      return this.handlers.get("open") ?? null;
    }
    set onopen(handler: Handler) {
      this.handle("open", handler);
    }
    get onmessage(): Handler {
      return this.handlers.get("message") ?? null;
    }
    set onmessage(handler: Handler) {
      this.handle("message", handler);
    }
    get onerror(): Handler {
      return this.handlers.get("error") ?? null;
    }
    set onerror(handler: Handler) {
      this.handle("error", handler);
    }

    close(): void {
      this.readyState = 2;
      clearTimeout(this.timer);
      this.abort.abort();
    }

    private handle(type: string, handler: Handler): void {
      const before = this.handlers.get(type);
      if (before) this.removeEventListener(type, before);
      const now = typeof handler === "function" ? handler : null;
      this.handlers.set(type, now);
      if (now) this.addEventListener(type, now);
    }

    private async connect(): Promise<void> {
      const { signal } = this.abort;
      const headers: Record<string, string> = { accept: "text/event-stream" };
      if (this.lastEventId) headers["last-event-id"] = this.lastEventId;
      try {
        const response = await window.fetch(this.url, { headers, signal, cache: "no-store" });
        if (!isEventStream(response)) {
          // Ours says that the box is away, which passes; the app's own answer is final.
          if (!response.headers.has(ERROR_FIELD)) this.fail();
          else this.again();
          return;
        }
        this.readyState = 1;
        this.dispatchEvent(new Event("open"));
        await this.read(response);
      } catch {
        // The link was lost, or close() was called: the state tells.
      }
      this.again();
    }

    private async read(response: Response): Promise<void> {
      const parser = new EventStreamParser(
        ({ type, data, lastEventId }) => {
          this.lastEventId = lastEventId;
          if (this.readyState === 2) return;
          const { origin } = location;
          this.dispatchEvent(new MessageEvent(type, { data, lastEventId, origin }));
        },
        (ms) => {
          this.retryMs = ms;
        },
      );
      parser.lastEventId = this.lastEventId;
      const reader = response.body?.getReader();
      const utf8 = new TextDecoder();
      for (;;) {
        const result = await reader?.read();
        if (!result || result.done) return;
        parser.push(utf8.decode(result.value, { stream: true }));
      }
    }

    private again(): void {
      if (this.readyState === 2) return;
      this.readyState = 0;
      this.dispatchEvent(new Event("error"));
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
      this.dispatchEvent(new Event("error"));
    }
  }

  Object.defineProperty(AppEventSource, "name", { value: "EventSource" });
  window.EventSource = AppEventSource as unknown as typeof EventSource;
}

function isEventStream(response: Response): boolean {
  const type = response.headers.get("content-type") ?? "";
  return response.status === 200 && /^\s*text\/event-stream\s*(;|$)/i.test(type);
}
