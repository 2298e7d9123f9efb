// What the app's pages ask for: each request as the box is to have it, with what was noted of it before.

import { fieldsOfMark, marksOf } from "../messages/marks";
import type { Asked, Head, Post } from "./asked";
import { NextVisit } from "./next-visit";
import type { OwnOrigins } from "./own-origins";
import { requestFields } from "./request-fields";
import { urgencyOf, withoutFragment } from "./routing";
import { sw } from "./scope";
import type { Shell } from "./shells";

// How long the page of a hard reload loads past the cache: its load event does not show here.
const HARD_MS = 10_000;

// Browsers with this class send handshakes without what only requests need, and offer more.
const BARE_HANDSHAKE = "WebSocketStream" in self;
// Towards the app the box compresses; on the link nothing of it is seen.
const WEBSOCKET_EXTENSIONS = `permessage-deflate${BARE_HANDSHAKE ? "; client_max_window_bits" : ""}`;

/** A request, without the cookies that go with it. */
export type Plain = Omit<Asked, "cookies">;

export class PageRequests {
  /** Of a navigation that is a GET: the form that it sends. */
  readonly posts = new NextVisit<Post>();
  /** The name under which it is saved. */
  readonly saves = new NextVisit<string>();
  /** How it treats the cache. */
  readonly modes = new NextVisit<RequestCache>();
  private hard = { client: "", untilMs: 0 };

  constructor(private readonly own: OwnOrigins) {}

  /** A response leads on, to this URL. */
  moved({ post, save }: Plain, { status }: Head, location: string): void {
    const url = withoutFragment(location);
    // To the browser it was a GET, and will be one at the next place too.
    if (post && (status === 307 || status === 308)) this.posts.add(url, post);
    // What a link says to save is saved wherever it leads.
    if (save !== undefined) this.saves.add(url, save);
  }

  /** shell: of a page that is asked for. inside: a page of this site led to it. */
  asked(event: FetchEvent, shell: Shell | undefined, inside: boolean): Plain {
    const { request } = event;
    const page = request.mode === "navigate";
    const url = withoutFragment(this.own.mapped(request.url));
    const post = page && request.method === "GET" ? this.posts.take(url) : undefined;
    const save = page ? this.saves.take(url) : undefined;
    const { socket, protocols, fields: marks, keep: kept } = marksOf(request.url);
    const method = post ? "POST" : socket === undefined ? request.method : "CONNECT";
    const mode = socket === undefined ? request.mode : "websocket";
    const { destination } = request;
    const cache = this.cacheMode(event, url);
    // Of the first document of a tab: the shell, at the top, was led to.
    const referrer = request.referrer || shell?.referrer || "";
    if (shell) shell.referrer = undefined;
    const headers = [...request.headers];
    if (protocols) headers.push(["sec-websocket-protocol", protocols]);
    if (socket !== undefined) headers.push(["sec-websocket-extensions", WEBSOCKET_EXTENSIONS]);
    if (post) headers.push(["content-type", post.contentType]);
    if (post?.origin) headers.push(["origin", post.origin]);
    const browser = {
      origin: sw.location.origin,
      userAgent: navigator.userAgent,
      languages: navigator.languages,
    };
    const marked = fieldsOfMark(marks);
    const facts = { method, mode, destination, cache, referrer, inside, headers, marked };
    let fields = requestFields(facts, browser);
    if (socket !== undefined && BARE_HANDSHAKE)
      fields = fields.filter(([name]) => !/^(accept|sec-(ch|fetch)-.*)$/.test(name));
    const anonymous = request.credentials === "omit";
    const urgency = urgencyOf(request);
    const keep = kept !== undefined;
    return { url, method, fields, urgency, cache, anonymous, keep, page, post, save, socket };
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
