// The events of a Service Worker, which a dedicated worker does not have. Service Workers §4.4–4.7.

const waits = new WeakMap<Event, Promise<unknown>[]>();

/** Resolves when all that the event waits for is over: whether it went well. */
export async function lifetime(event: Event): Promise<boolean> {
  const promises = waits.get(event) ?? [];
  let well = true;
  // More may be added while these are waited for.
  for (let at = 0; at < promises.length; at += 1) {
    await Promise.resolve(promises[at]).catch(() => {
      well = false;
    });
  }
  return well;
}

export class ExtendableEvent extends Event {
  constructor(type: string, init?: EventInit) {
    super(type, init);
    waits.set(this, []);
  }

  waitUntil(promise: unknown): void {
    waits.get(this)?.push(Promise.resolve(promise));
  }
}

export class GuestInstallEvent extends ExtendableEvent {
  addRoutes(): Promise<void> {
    return Promise.resolve();
  }
}

interface MessageInit {
  data: unknown;
  origin: string;
  source: object | null;
  ports: readonly MessagePort[];
}

export class ExtendableMessageEvent extends ExtendableEvent {
  readonly data: unknown;
  readonly origin: string;
  readonly lastEventId = "";
  readonly source: object | null;
  readonly ports: readonly MessagePort[];

  constructor(type: string, init: MessageInit) {
    super(type);
    this.data = init.data;
    this.origin = init.origin;
    this.source = init.source;
    this.ports = init.ports;
  }
}

interface FetchInit extends EventInit {
  request: Request;
  clientId: string;
  resultingClientId: string;
}

export class FetchEvent extends ExtendableEvent {
  readonly request: Request;
  readonly clientId: string;
  readonly resultingClientId: string;
  readonly replacesClientId = "";
  readonly preloadResponse = Promise.resolve(undefined);
  readonly handled: Promise<undefined>;
  /** Ours: what the app responds with. */
  responded: Promise<unknown> | undefined;

  constructor(type: string, init: FetchInit) {
    super(type, { cancelable: true, ...init });
    this.request = init.request;
    this.clientId = init.clientId;
    this.resultingClientId = init.resultingClientId;
    this.handled = Promise.resolve(undefined);
    Object.defineProperty(this, "responded", { enumerable: false, writable: true });
  }

  respondWith(response: unknown): void {
    if (this.responded) {
      throw new DOMException("The event has already been responded to.", "InvalidStateError");
    }
    this.stopImmediatePropagation();
    this.responded = Promise.resolve(response);
    this.waitUntil(this.responded.catch(() => undefined));
  }
}
