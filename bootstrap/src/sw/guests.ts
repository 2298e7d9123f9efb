// The app's own Service Workers, from ours: which of them a request is shown to first, and what comes
// of it. They run in the shells (`guest/`), and their scripts are kept beside us.

import {
  type GuestReply,
  type GuestAsk,
  type GuestClient,
  type GuestList,
  type GuestNews,
  type GuestRegistration,
  type GuestRequest,
  type GuestToSw,
  type SwToGuest,
  registrationOf,
  scriptCache,
} from "../messages/guest";
import { marksOf, unmarked } from "../messages/marks";
import type { SwToPage } from "../messages/sw-page";
import type { ReplyPort } from "../messages/sw-worker";
import { keepNote, keptNote } from "./notes";
import { NextVisit } from "./next-visit";
import { bodyOf } from "./response-body";
import { withoutFragment } from "./routing";
import { sw } from "./scope";
import type { Shell, Shells } from "./shells";

const NOTE = "guests";
// For a guest to be started, and to decide whether it responds.
const START_MS = 8_000;
const DECIDE_MS = 10_000;

export class Guests {
  private list: GuestRegistration[] = [];
  private count = 0;
  private setting: Promise<unknown> = Promise.resolve();
  private readonly known = keptNote(NOTE).then((kept) => {
    this.list = (kept as { list: GuestRegistration[] } | undefined)?.list ?? [];
  });
  private readonly ports = new Map<string, MessagePort>();
  private readonly waiting = new Map<string, (() => void)[]>();
  private readonly runs = new NextVisit<string>();
  /** Pages that were there before their guest was, and that it has not claimed. */
  private readonly free = new Set<string>();

  constructor(private readonly shells: Shells) {}

  /** Whether any may want to see requests, as far as is known just now. */
  get watch(): boolean {
    return this.list.some(({ active }) => active?.fetches);
  }

  /** What the tag of a page holds of them; undefined: there is none. */
  async inTag(url: string): Promise<string | undefined> {
    await this.known;
    if (!this.list.length) return undefined;
    const own = registrationOf(this.list, url);
    return own?.active ? JSON.stringify({ ...own.active, scope: own.scope }) : "";
  }

  /** Of a page that is asked for: whether it may come without a link. */
  async covers(url: string): Promise<boolean> {
    await this.known;
    return registrationOf(this.list, url)?.active?.fetches ?? false;
  }

  /** The response of a page's guest; undefined: the app is to be asked. */
  async respond(event: FetchEvent, shell: Shell): Promise<Response | undefined> {
    await this.known;
    if (!this.watch) return undefined;
    const { request } = event;
    const marks = marksOf(request.url);
    if (marks.body !== undefined || marks.socket !== undefined) return undefined;
    const own = await this.controlling(event);
    if (!own?.active?.fetches) return undefined;
    const port = await this.port(shell, own.active.id);
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
    await this.known;
    const client = event.source as Client;
    const reply = (value: unknown): void => event.ports[0]?.postMessage(value);
    switch (message.do) {
      case "list":
        reply(this.news());
        return;
      case "count":
        reply((await this.pages(message.scope)).filter(({ id }) => !this.free.has(id)).length);
        return;
      case "set":
        // One after the other: each waits for the browser in between.
        this.setting = this.setting.then(() => this.set(message.registration, message.claim));
        reply(await this.setting);
        return;
      case "remove":
        reply(await this.become(this.list.filter(({ scope }) => scope !== message.scope)));
        return;
      case "run":
        this.runs.add(message.url, message.id);
        reply(null);
        return;
      case "port":
        this.serve(message.lock, message.id, message.port);
        reply(null);
        return;
      case "say": {
        const shell = await this.shells.of(client.id);
        const port = shell && (await this.port(shell, message.id));
        const forwarded: SwToGuest = {
          do: "message",
          data: message.data,
          source: factsOfClient(client),
        };
        port?.postMessage(forwarded, [...event.ports]);
        return;
      }
      default:
        message satisfies never;
    }
  }

  /** The app clears its site's data. */
  async clear(): Promise<void> {
    await this.become([]);
  }

  private async set(registration: GuestRegistration, claim: boolean): Promise<GuestList> {
    const { scope } = registration;
    const before = this.list.find((one) => one.scope === scope);
    const pages = await this.pages(scope);
    if (claim) for (const { id } of pages) this.free.delete(id);
    else if (registration.active && !before?.active) for (const { id } of pages) this.free.add(id);
    const others = this.list.filter((one) => one.scope !== scope);
    return this.become([...others, registration], claim ? scope : undefined);
  }

  private async become(list: GuestRegistration[], claimed?: string): Promise<GuestList> {
    this.list = list;
    await keepNote(NOTE, { list });
    const news = this.news(claimed);
    for (const { client } of this.shells.all) post(client, news);
    return news;
  }

  private news(claimed?: string): GuestList {
    this.count = Math.max(this.count + 1, Date.now());
    return { do: "list", list: this.list, claimed, count: this.count };
  }

  // The app's pages in a scope. Shells are above them, and have the same URL.
  private async pages(scope: string): Promise<Client[]> {
    const all = await sw.clients.matchAll({ type: "window", includeUncontrolled: true });
    return all.filter(({ url, frameType }) => frameType === "nested" && url.startsWith(scope));
  }

  private async controlling(event: FetchEvent): Promise<GuestRegistration | undefined> {
    const { request, clientId } = event;
    if (request.mode === "navigate") return registrationOf(this.list, withoutFragment(request.url));
    if (this.free.has(clientId)) return undefined;
    if (this.shells.all.some(({ client }) => client.id === clientId)) return undefined;
    const client = await sw.clients.get(clientId);
    if (!client) return undefined;
    // The guests themselves.
    const scripts = this.list.flatMap(({ installing, waiting, active }) =>
      [installing, waiting, active].map((version) => version?.script),
    );
    if (client.type === "worker" && scripts.includes(unmarked(client.url))) return undefined;
    return registrationOf(this.list, client.url);
  }

  private async port(shell: Shell, id: string): Promise<MessagePort | undefined> {
    const key = `${shell.lock} ${id}`;
    const known = this.ports.get(key);
    if (known) return known;
    post(shell.client, { do: "wanted", id });
    await new Promise<void>((resolve) => {
      this.waiting.set(key, [...(this.waiting.get(key) ?? []), resolve]);
      setTimeout(resolve, START_MS);
    });
    return this.ports.get(key);
  }

  private serve(lock: string, id: string, port: MessagePort): void {
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
        const scope = this.list.find((one) =>
          [one.installing, one.waiting, one.active].some((version) => version?.id === id),
        )?.scope;
        const found = await this.pages(message.all ? "" : (scope ?? ""));
        return found.filter((one) => message.all || !this.free.has(one.id)).map(factsOfClient);
      }
      case "post": {
        const client = await sw.clients.get(message.to);
        if (client) post(client, { do: "said", id, data: message.data }, given);
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

function post(client: Client, news: GuestNews, given: MessagePort[] = []): void {
  client.postMessage({ kind: "guest", news } satisfies SwToPage, given);
}

/** over: what stands in for the port of the body. */
export function made(
  response: Extract<GuestReply, { do: "response" }>,
  shell: Shell,
  over = (port: MessagePort): ReplyPort => port,
): Response {
  const { status, statusText, headers, body } = response;
  const empty = status === 204 || status === 205 || status === 304;
  const given = empty || !body ? null : bodyOf(over(body), shell);
  return new Response(given, { status, statusText, headers });
}

/**
 * send: sends something to the guest or sibling in a shell. cancel: nobody wants the response any more.
 * lost: called if an error follows the response, which does not come whole then.
 */
export function ask(
  shell: Shell,
  send: (reply: MessagePort, cancel: () => void) => void,
  lost?: () => void,
): Promise<GuestReply> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    const over = (reply: GuestReply): void => {
      if (lost) port1.onmessage = ({ data }) => data.do === "error" && lost();
      clearTimeout(timer);
      shell.onDeath.delete(died);
      resolve(reply);
    };
    const died = (): void => over({ do: "error" });
    const timer = setTimeout(() => over({ do: "pass" }), DECIDE_MS);
    shell.onDeath.add(died);
    port1.onmessage = ({ data }: MessageEvent<GuestReply>) => {
      if (data.do === "wait") clearTimeout(timer);
      else over(data);
    };
    send(port2, () => {
      port1.postMessage(null);
      died();
    });
  });
}

export function factsOf(
  { request, clientId, resultingClientId }: FetchEvent,
  body: Blob | undefined,
): GuestRequest {
  const { method, mode, destination, credentials, cache, redirect } = request;
  const { referrer, referrerPolicy, integrity } = request;
  const url = unmarked(request.url);
  const headers = [...request.headers];
  const facts = { url, method, headers, body, mode, destination, credentials, cache, redirect };
  return { ...facts, referrer, referrerPolicy, integrity, clientId, resultingClientId };
}

function factsOfClient(client: Client): GuestClient {
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
