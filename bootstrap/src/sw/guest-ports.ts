// The ports to guests that run in shells, and what a guest asks of the Service Worker there: which
// pages there are, to post to one, to open one, to show a notification.

import type { GuestClient, GuestToSw } from "../messages/guest";
import { unmarked } from "../messages/marks";
import { type GuestRegistrations, postNews } from "./guest-registrations";
import { sw } from "./scope";
import type { Shell } from "./shells";

// For a guest to be started.
const START_MS = 8_000;

export class GuestPorts {
  private readonly ports = new Map<string, MessagePort>();
  private readonly waiting = new Map<string, (() => void)[]>();

  constructor(private readonly registrations: GuestRegistrations) {}

  /** The port to a version of a guest, which is started if it does not run; undefined: it did not start. */
  async port(shell: Shell, id: string): Promise<MessagePort | undefined> {
    const key = `${shell.lock} ${id}`;
    const known = this.ports.get(key);
    if (known) return known;
    postNews(shell.client, { do: "wanted", id });
    await new Promise<void>((resolve) => {
      this.waiting.set(key, [...(this.waiting.get(key) ?? []), resolve]);
      setTimeout(resolve, START_MS);
    });
    return this.ports.get(key);
  }

  /** It runs in the shell of that lock from now on. */
  serve(lock: string, id: string, port: MessagePort): void {
    const key = `${lock} ${id}`;
    this.ports.set(key, port);
    port.onmessage = ({ data, ports }: MessageEvent<GuestToSw>) => {
      const [reply, ...given] = ports;
      void this.act(data, id, given).then((value) => reply?.postMessage(value));
    };
    for (const resolve of this.waiting.get(key) ?? []) resolve();
    this.waiting.delete(key);
  }

  private async act(message: GuestToSw, id: string, given: MessagePort[]): Promise<unknown> {
    switch (message.do) {
      case "clients": {
        const { registrations } = this;
        const found = message.all
          ? await registrations.pages("")
          : await registrations.controlled(registrations.ofVersion(id)?.scope ?? "");
        return found.map(factsOfClient);
      }
      case "post": {
        const client = await sw.clients.get(message.to);
        if (client) postNews(client, { do: "message", id, data: message.data }, given);
        return null;
      }
      case "focus": {
        const client = await sw.clients.get(message.id);
        if (client instanceof WindowClient) await client.focus().catch(() => undefined);
        return null;
      }
      case "open":
        await sw.clients.openWindow(message.url).catch(() => undefined);
        return null;
      case "notify":
        return sw.registration.showNotification(message.title, message.options).then(
          () => true,
          () => false,
        );
      default:
        return message satisfies never;
    }
  }
}

export function factsOfClient(client: Client): GuestClient {
  const { id, url, type } = client;
  const window = client instanceof WindowClient ? client : undefined;
  return {
    id,
    url: unmarked(url),
    type,
    // To the app its pages are at the top.
    frameType: window ? "top-level" : "none",
    visibilityState: window?.visibilityState ?? "hidden",
    focused: window?.focused ?? false,
  };
}
