// What pages and the shell have noted of requests that are about to come, and that a browser itself passes on
// to nobody: the form that a navigation sends, the name under which it is saved, how it treats the cache,
// the handshake of a WebSocket.

import { marksOf } from "../messages/marks";
import type { PageToSw } from "../messages/sw-page";
import type { Head, Noted, Post } from "./asked";
import { NextVisit } from "./next-visit";
import { withoutFragment } from "./routing";

// How long the page of a hard reload loads past the cache: its load event does not show here.
const HARD_MS = 10_000;

// Browsers with this class send handshakes without what only requests need, and offer more.
const BARE_HANDSHAKE = "WebSocketStream" in self;
// Towards the app the box compresses; on the link nothing of it is seen.
const WEBSOCKET_EXTENSIONS = `permessage-deflate${BARE_HANDSHAKE ? "; client_max_window_bits" : ""}`;

export class Notes {
  // Of a navigation that is a GET: the form that it sends.
  private readonly posts = new NextVisit<Post>();
  // The name under which it is saved.
  private readonly saves = new NextVisit<string>();
  // How it treats the cache.
  private readonly modes = new NextVisit<RequestCache>();
  private hard = { client: "", untilMs: 0 };

  /** A page announces a navigation. */
  receive(message: Extract<PageToSw, { kind: "post" | "save" | "mode" }>): void {
    switch (message.kind) {
      case "post":
        this.posts.add(message.url, {
          body: { kind: "reference", id: message.id },
          contentType: message.contentType,
          origin: "",
        });
        return;
      case "save":
        this.saves.add(message.url, message.name);
        return;
      case "mode":
        this.modes.add(message.url, message.cache);
        return;
      default:
        message satisfies never;
    }
  }

  /** A form was sent to the top of a tab: it waits for the frame of the shell that comes there. */
  async form(url: string, request: Request): Promise<void> {
    const from = /^https?:/.test(request.referrer) ? new URL(request.referrer).origin : "null";
    const blob = await request.blob();
    this.posts.add(url, {
      body: { kind: "blob", blob },
      contentType: request.headers.get("content-type") ?? blob.type,
      origin: request.headers.get("origin") ?? from,
    });
  }

  /** A response leads on, to this URL. */
  moved({ post, save }: Noted, { status }: Head, location: string): void {
    const url = withoutFragment(location);
    // To the browser it was a GET, and will be one at the next place too.
    if (post && (status === 307 || status === 308)) this.posts.add(url, post);
    // What a link says to save is saved wherever it leads.
    if (save !== undefined) this.saves.add(url, save);
  }

  /** Of a request for this URL. */
  of(event: FetchEvent, url: string): Noted {
    const { request } = event;
    const { mode, method } = request;
    const page = mode === "navigate";
    const { socket, protocols } = marksOf(request.url);
    return {
      post: page && method === "GET" ? this.posts.take(url) : undefined,
      save: page ? this.saves.take(url) : undefined,
      cache: this.cacheMode(event, url),
      socket,
      handshake: socket === undefined ? [] : handshake(protocols),
      dropped: socket !== undefined && BARE_HANDSHAKE ? /^(accept|sec-(ch|fetch)-.*)$/ : undefined,
    };
  }

  // A page that comes by a hard reload takes nothing from the cache, nor does what it loads at first.
  private cacheMode(
    { request, clientId, resultingClientId }: FetchEvent,
    url: string,
  ): RequestCache {
    const { cache } = request;
    if (request.mode === "navigate") {
      const back = marksOf(request.url).cache === "force-cache" ? "force-cache" : cache;
      const mode = this.modes.take(url) ?? back;
      if (mode === "reload")
        this.hard = { client: resultingClientId, untilMs: Date.now() + HARD_MS };
      return mode;
    }
    const { client, untilMs } = this.hard;
    return cache === "default" && clientId === client && Date.now() < untilMs ? "reload" : cache;
  }
}

function handshake(protocols: string | undefined): [string, string][] {
  const extensions: [string, string] = ["sec-websocket-extensions", WEBSOCKET_EXTENSIONS];
  return protocols ? [["sec-websocket-protocol", protocols], extensions] : [extensions];
}
