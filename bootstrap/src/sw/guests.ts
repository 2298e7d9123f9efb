// The app's own Service Workers, from ours: which of them a request is shown to first, and what comes
// of it. They run in the shells (`guest/`), and their scripts are kept beside us.

import { type GuestAsk, type SwToGuest, scriptCache } from "../messages/guest";
import { marksOf } from "../messages/marks";
import { GuestPorts, factsOfClient } from "./guest-ports";
import { GuestRegistrations } from "./guest-registrations";
import { ask, factsOf, made } from "./guest-request";
import { NextVisit } from "./next-visit";
import { withoutFragment } from "./routing";
import type { Shell, Shells } from "./shells";

export class Guests {
  private readonly registrations: GuestRegistrations;
  private readonly ports: GuestPorts;
  private readonly runs = new NextVisit<string>();

  constructor(private readonly shells: Shells) {
    this.registrations = new GuestRegistrations(shells);
    this.ports = new GuestPorts(this.registrations);
  }

  /** Whether any may want to see requests, as far as is known just now. */
  get watch(): boolean {
    return this.registrations.watch;
  }

  /** What the tag of a page holds of them; undefined: there is none. */
  async inTag(url: string): Promise<string | undefined> {
    const { registrations } = this;
    await registrations.known;
    if (!registrations.any) return undefined;
    const own = registrations.of(url);
    return own?.active ? JSON.stringify({ ...own.active, scope: own.scope }) : "";
  }

  /** Of a page that is asked for: whether it may come without a link. */
  async covers(url: string): Promise<boolean> {
    await this.registrations.known;
    return this.registrations.of(url)?.active?.fetches ?? false;
  }

  /** The response of a page's guest; undefined: the app is to be asked. */
  async respond(event: FetchEvent, shell: Shell): Promise<Response | undefined> {
    await this.registrations.known;
    if (!this.watch) return undefined;
    const { request } = event;
    const marks = marksOf(request.url);
    if (marks.body !== undefined || marks.socket !== undefined) return undefined;
    const own = await this.registrations.controlling(event);
    if (!own?.active?.fetches) return undefined;
    const port = await this.ports.port(shell, own.active.id);
    if (!port) return undefined;
    const bodied = request.method !== "GET" && request.method !== "HEAD";
    const body = bodied ? await request.clone().blob() : undefined;
    const request_ = factsOf(event, body);
    const result = await ask(shell, (reply) =>
      port.postMessage({ do: "fetch", request: request_, reply } satisfies SwToGuest, [reply]),
    );
    switch (result.do) {
      case "error":
      case "opaque":
        return Response.error();
      case "kept":
        return caches.match(new Request(result.url, { headers: result.headers }), result.options);
      case "response":
        return made(result, shell);
      case "pass":
      case "wait":
        return undefined;
      default:
        return result satisfies never;
    }
  }

  /** The script of a guest, or one that it imports; undefined: the request is for neither. */
  async script(event: FetchEvent, ask: () => Promise<Response>): Promise<Response | undefined> {
    const { url, destination } = event.request;
    const plain = withoutFragment(url);
    const imported = marksOf(url).guest;
    const id = imported ?? (destination === "worker" ? this.runs.take(plain) : undefined);
    if (id === undefined) return undefined;
    const cache = await caches.open(scriptCache(id));
    const kept = await cache.match(plain);
    if (kept || !imported) return kept ?? Response.error();
    const found = await ask();
    if (found.ok) await cache.put(plain, found.clone());
    return found;
  }

  async receive(message: GuestAsk, event: ExtendableMessageEvent): Promise<void> {
    const { registrations, ports } = this;
    await registrations.known;
    const client = event.source as Client;
    const reply = (value: unknown): void => event.ports[0]?.postMessage(value);
    switch (message.do) {
      case "list":
        reply(registrations.news());
        return;
      case "count":
        reply((await registrations.controlled(message.scope)).length);
        return;
      case "set":
        reply(await registrations.set(message.registration, message.claim));
        return;
      case "remove":
        reply(await registrations.remove(message.scope));
        return;
      case "run":
        this.runs.add(message.url, message.id);
        reply(null);
        return;
      case "port":
        ports.serve(message.lock, message.id, message.port);
        reply(null);
        return;
      case "message": {
        const shell = await this.shells.of(client.id);
        const port = shell && (await ports.port(shell, message.id));
        const source = factsOfClient(client);
        const forwarded: SwToGuest = { do: "message", data: message.data, source };
        port?.postMessage(forwarded, [...event.ports]);
        return;
      }
      default:
        message satisfies never;
    }
  }

  /** The app clears its site's data. */
  clear(): Promise<void> {
    return this.registrations.clear();
  }
}
