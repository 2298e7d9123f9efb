// EventSource on fetch: the browsers' own gives up for good when the Service Worker is stopped. What asks
// and reads is `event-source-reading`, which pages load with the first of them.

import type { FollowEvents } from "../messages/event-stream";
import { impersonate } from "./impersonate";
import { linkedUrl } from "./own-url";

const RETRY_MS = 3_000;

/** In the page or the worker that it runs in. load: where it fails, it is called anew after a while. */
export function wrapEventSource(load: () => Promise<FollowEvents>): void {
  impersonate("EventSource", ([url, init], made) => {
    const own = url === undefined ? undefined : linkedUrl(url as string | URL);
    // Another origin's is the browser's own affair; a malformed URL is its error too.
    return own && new AppEventSource(made(), own.href, init as EventSourceInit | undefined, load);
  });
}

class AppEventSource {
  readyState = 0;
  readonly withCredentials: boolean;
  retryMs: number | undefined;
  lastEventId = "";
  readonly closing = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly target: EventTarget,
    readonly url: string,
    init: EventSourceInit | undefined,
    private readonly load: () => Promise<FollowEvents>,
  ) {
    this.withCredentials = Boolean(init?.withCredentials);
    void this.connect();
  }

  close(): void {
    this.readyState = 2;
    clearTimeout(this.timer);
    this.closing.abort();
  }

  private async connect(): Promise<void> {
    const beganMs = performance.now();
    let final = false;
    let pauseMs = RETRY_MS;
    try {
      const follow = await this.load();
      if (!this.isClosed()) final = await follow(this);
    } catch {
      // The link was lost, or close() was called: the state shows which. A request waits for a link by
      // itself, so what counts is the time since the last one.
      pauseMs -= performance.now() - beganMs;
    }
    if (this.isClosed()) return;
    this.readyState = final ? 2 : 0;
    this.target.dispatchEvent(new Event("error"));
    // The error's handlers may have closed it.
    if (!this.isClosed())
      this.timer = setTimeout(() => void this.connect(), this.retryMs ?? pauseMs);
  }

  private isClosed(): boolean {
    return this.readyState === 2;
  }
}
