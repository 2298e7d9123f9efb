// `clients` of a guest: the Service Worker knows them.

import type { GuestClient, GuestToHost, GuestToSw } from "../messages/guest";

const claims: (() => void)[] = [];
let ask: <T>(message: GuestToSw, given?: Transferable[]) => Promise<T>;

export class Client {
  readonly id: string;
  readonly url: string;
  readonly type: ClientTypes;
  readonly frameType: string;

  constructor({ id, url, type, frameType }: GuestClient) {
    this.id = id;
    this.url = url;
    this.type = type;
    this.frameType = frameType;
  }

  postMessage(data: unknown, options?: StructuredSerializeOptions | Transferable[]): void {
    const given = Array.isArray(options) ? options : (options?.transfer ?? []);
    void ask({ do: "post", to: this.id, data }, given);
  }
}

export class WindowClient extends Client {
  readonly visibilityState: DocumentVisibilityState;
  readonly focused: boolean;

  constructor(client: GuestClient) {
    super(client);
    this.visibilityState = client.visibilityState;
    this.focused = client.focused;
  }

  async focus(): Promise<this> {
    await ask({ do: "focus", id: this.id });
    return this;
  }

  navigate(): Promise<never> {
    return Promise.reject(new TypeError("This client cannot be navigated."));
  }
}

export class Clients {
  constructor(private readonly post: (message: GuestToHost) => void) {
    Object.defineProperty(this, "post", { enumerable: false });
  }

  async matchAll(options: ClientQueryOptions = {}): Promise<Client[]> {
    const { type = "window", includeUncontrolled: all = false } = options;
    return (await ask<GuestClient[]>({ do: "clients", all, type })).map(clientOf);
  }

  async get(id: string): Promise<Client | undefined> {
    const found = await ask<GuestClient[]>({ do: "clients", all: true, type: "all" });
    const client = found.find((one) => one.id === id);
    return client && clientOf(client);
  }

  async openWindow(url: string | URL): Promise<null> {
    await ask({ do: "open", url: new URL(url, self.location.href).href });
    return null;
  }

  claim(): Promise<void> {
    this.post({ do: "claim" });
    return new Promise((resolve) => claims.push(resolve));
  }
}

/** by: from then on this is the port to the Service Worker. claimed: what was asked for is done. */
export function serveClients(
  post: (message: GuestToHost) => void,
): Clients & { by: (port: MessagePort) => void; claimed: () => void } {
  const ports: MessagePort[] = [];
  const waiting: (() => void)[] = [];
  ask = async (message, given = []) => {
    if (!ports[0]) await new Promise<void>((resolve) => waiting.push(resolve));
    const { port1, port2 } = new MessageChannel();
    return new Promise((resolve) => {
      port1.onmessage = ({ data }) => resolve(data);
      ports[0]?.postMessage(message, [port2, ...given]);
    });
  };
  const by = (port: MessagePort): void => {
    ports[0] = port;
    for (const resolve of waiting.splice(0)) resolve();
  };
  const claimed = (): void => claims.splice(0).forEach((resolve) => resolve());
  return Object.defineProperties(new Clients(post), {
    by: { value: by },
    claimed: { value: claimed },
  }) as never;
}

export function askSw<T>(message: GuestToSw): Promise<T> {
  return ask(message);
}

export function clientOf(client: GuestClient): Client {
  return client.type === "window" ? new WindowClient(client) : new Client(client);
}
