// One request of a page, through a worker to the box, and its response as a Response.

import { fieldsOfMark, marksOf } from "../messages/marks";
import { MOVED_FIELD } from "../messages/sibling";
import type { SwToPage } from "../messages/sw-page";
import type { ReplyPort, RequestBody, SwToWorker } from "../messages/sw-worker";
import type { Aborts } from "./aborts";
import type { AppCookies } from "./cookies/app-cookies";
import { RequestCookies, settle } from "./cookies/request-cookies";
import { siteOf } from "./cookies/site";
import type { Asked, Head, Post } from "./asked";
import type { ReadBody } from "./body-reading";
import { keptNote } from "./notes";
import { departureDocument, problemDocument, shellDocument } from "./documents";
import type { Isolation } from "./isolation";
import type { Later, LaterPart } from "./later";
import type { NextVisit } from "./next-visit";
import type { OwnOrigins } from "./own-origins";
import { fail, refuse } from "./refusals";
import { requestBody } from "./request-body";
import { requestFields } from "./request-fields";
import { assemble } from "./response";
import { isRedirect, leadsAway } from "./response-head";
import { isForSibling, isWorker, urgencyOf, withoutFragment } from "./routing";
import { sw } from "./scope";
import { tabPolicyOf, within } from "./tab-policy";
import { toClear } from "./clear-site-data";
import type { Shell, Shells } from "./shells";

// Faults of the app that a browser at its port would have met as a refused or broken connection.
const NETWORK_ERRORS = new Set(["app-down", "app-broken", "app-certificate"]);

// How long the page of a hard reload loads past the cache: its load event does not show here.
const HARD_MS = 10_000;

// Browsers with this class send handshakes without what only requests need, and offer more.
const BARE_HANDSHAKE = "WebSocketStream" in self;
// Towards the app the box compresses; on the link nothing of it is seen.
const WEBSOCKET_EXTENSIONS = `permessage-deflate${BARE_HANDSHAKE ? "; client_max_window_bits" : ""}`;

export class Relay {
  private hard = { client: "", untilMs: 0 };

  constructor(
    private readonly shells: Shells,
    private readonly aborts: Aborts,
    private readonly posts: NextVisit<Post>,
    private readonly saves: NextVisit<string>,
    private readonly own: OwnOrigins,
    private readonly cookies: AppCookies,
    private readonly modes: NextVisit<RequestCache>,
    private readonly isolation: Isolation,
    private readonly later: Later,
  ) {}

  /** A request for an origin that is perhaps the app's own by another name. */
  async byAnotherName(event: FetchEvent): Promise<Response> {
    const { request, clientId } = event;
    if (await this.shells.of(clientId)) await this.own.known();
    return this.own.mapped(request.url) === request.url ? sw.fetch(request) : this.intercept(event);
  }

  async intercept(event: FetchEvent): Promise<Response> {
    const { request } = event;
    const page = request.mode === "navigate";
    const framed = (response: Response): Response =>
      page && shell ? within(shell.policy, response) : response;
    const navigating = page
      ? await this.shells.ofNavigation(withoutFragment(request.url), request.referrer)
      : undefined;
    const shell = page ? navigating?.shell : await this.shells.of(event.clientId);
    if (!shell) return page ? this.atTheTop(request) : Response.error();
    this.shells.adopt(event.resultingClientId, shell);
    const first = navigating?.first ?? false;
    const inside = page && !shell.embedded && (!first || shell.led);
    const plain = this.asked(event, page ? shell : undefined, inside);
    const part = await this.later.forRequest(page);
    const ask = (): Promise<Response> => this.fromApp(event, plain, shell, first, part);
    if (!part) return framed(await ask());
    const script = page ? undefined : await part.guests.script(event, ask);
    if (script)
      return isWorker(request)
        ? within(shell.policy, await part.workerScripts.asGuest(script))
        : script;
    const made = plain.post || plain.save !== undefined;
    const given = made ? undefined : await part.guests.respond(event, shell);
    if (!given) return framed(await ask());
    if (!page) return isWorker(request) ? part.workerScripts.withOwn(given, this.own.all) : given;
    const asked = { ...plain, guest: await part.guests.inTag(plain.url) };
    return framed(await assemble(...this.asReply(given, part), asked, shell, this.later));
  }

  /** A request for another site, of a page with a guest, or for a sibling. */
  async elsewhere(event: FetchEvent): Promise<Response> {
    const sibling = isForSibling(event.request, sw.location);
    const shell = await this.shells.of(event.clientId);
    const part = await this.later.forRequest(false);
    const given = shell && (await part?.guests.respond(event, shell));
    if (given || !sibling) return given ?? sw.fetch(event.request);
    return (shell && (await part?.askSibling(event, shell, this.aborts))) ?? Response.error();
  }

  private async fromApp(
    event: FetchEvent,
    plain: Omit<Asked, "cookies">,
    shell: Shell,
    first: boolean,
    part: LaterPart | undefined,
  ): Promise<Response> {
    const { request } = event;
    const page = request.mode === "navigate";
    const cookies = await this.cookiesOf(request, plain, shell, first);
    const { cookie } = cookies.now();
    if (cookie) plain.fields.push(["cookie", cookie]);
    const guest = page ? await part?.guests.inTag(plain.url) : undefined;
    const asked = { ...plain, cookies, guest };
    let body: RequestBody | undefined;
    try {
      const reader = async (): Promise<ReadBody> => (await this.later.part()).readBody;
      body = asked.post?.body ?? (await requestBody(request, reader));
    } catch {
      return Response.error();
    }
    if (!body) {
      const line = "This browser cannot send a form of that size.";
      return refuse(page, 413, "upload-too-large", line);
    }
    if (page && asked.method === "POST") tellForm(shell, body, asked);
    const pending = (part?.cache ?? this.later).ask(asked, body, shell);
    const marks = marksOf(request.url);
    // What is kept alive goes on without its page.
    const settled = this.aborts.add(
      marks.request,
      asked.keep ? "" : event.clientId,
      pending.cancel,
    );
    let reply = await pending.reply;
    settled();
    if (reply.kind === "error") return fail(page, reply.error);
    if (!reply.error) await cookies.receive(reply.fields);
    // Of a request without credentials it clears nothing.
    const clear = toClear(reply.error || request.credentials === "omit" ? [] : reply.fields);
    if (clear.size) {
      const { cache, guests, clearSiteData } = await this.later.part();
      await clearSiteData(clear, cache, this.cookies, guests);
    }
    if (marks.stream && request.redirect === "follow" && keepsBody(reply)) {
      pending.port.postMessage({ kind: "cancel" } satisfies SwToWorker);
      return Response.error();
    }
    if (marks.raw && isRedirect(reply.status)) {
      const moved = [MOVED_FIELD, String(reply.status)] as const;
      reply = { ...reply, status: 200, fields: [...reply.fields, moved] };
    }
    const response = await this.respond(reply, pending.port, asked, shell);
    if (first && !reply.error && !isRedirect(reply.status)) {
      await this.isolation.learn(tabPolicyOf(reply.fields));
    }
    const next = response.headers.get("location");
    if (first && next && response.status < 400) shell.expect = withoutFragment(next);
    if (!isWorker(request)) return response;
    return (await this.later.part()).workerScripts.withOwn(response, this.own.all);
  }

  /** A page at the top of a tab is a shell; a form that was sent there waits for its frame. */
  async atTheTop(request: Request): Promise<Response> {
    const url = withoutFragment(request.url);
    const policy = await this.isolation.ofTab(url, () => this.shells.policies());
    const mayBe = (await keptNote("guests")) !== undefined;
    const part = mayBe ? await this.later.forRequest(true) : undefined;
    const covered = (await part?.guests.covers(url)) ?? false;
    if (request.method === "GET" || request.method === "HEAD") {
      return shellDocument({ posted: false, covered }, policy);
    }
    const from = /^https?:/.test(request.referrer) ? new URL(request.referrer).origin : "null";
    const body = await request.blob();
    this.posts.add(url, {
      body: { kind: "blob", blob: body },
      contentType: request.headers.get("content-type") ?? body.type,
      origin: request.headers.get("origin") ?? from,
    });
    return shellDocument({ posted: true, covered }, policy);
  }

  // The response of a guest, as a reply of the worker.
  private asReply(given: Response, { streamed }: LaterPart): [Head, ReplyPort] {
    const { status, statusText: reason, headers, body } = given;
    const said = {
      status,
      reason,
      fields: [...headers],
      error: "",
      origins: this.own.all,
      notice: "",
    };
    return [{ kind: "head", end: !body, decoded: true, ...said }, streamed(body)];
  }

  private async cookiesOf(
    { mode, credentials, headers }: Request,
    { url, method, post }: Omit<Asked, "cookies">,
    shell: Shell,
    first: boolean,
  ): Promise<RequestCookies> {
    const { all } = this.shells;
    const anyShell = mode === "navigate" && all.length > 1;
    if (anyShell) await settle(this.cookies, all);
    const said = post ? post.origin : headers.get("origin");
    // "null" is what a page says that keeps its referrer to itself.
    const origin = said && (post || said !== "null") ? said : undefined;
    const site = siteOf({ ...shell, first, method, origin }, sw.location.origin);
    const admitted = credentials !== "omit";
    return new RequestCookies(this.cookies, { url, site, shell, admitted, anyShell });
  }

  private asked(
    event: FetchEvent,
    shell: Shell | undefined,
    inside: boolean,
  ): Omit<Asked, "cookies"> {
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

  private async respond(
    head: Head,
    port: ReplyPort,
    asked: Asked,
    shell: Shell,
  ): Promise<Response> {
    const { page, url, post, save } = asked;
    const away = page ? leadsAway(head.status, head.fields, url) : undefined;
    if (page && head.origins.length) this.own.learn(head.origins);
    const drop = (): void => port.postMessage({ kind: "cancel" } satisfies SwToWorker);
    if (away !== undefined) {
      drop();
      if (away) return departureDocument(away);
      // Not error(): one browser then asks the network itself, which is the edge.
      return problemDocument(502, "app-broken", "The app could not be reached.");
    }
    if (!page && NETWORK_ERRORS.has(head.error)) {
      drop();
      return Response.error();
    }
    if (page && head.error) {
      drop();
      return problemDocument(head.status, head.error, "The app could not be reached.");
    }
    const response = await assemble(head, port, asked, shell, this.later);
    // To the browser it was a GET, and will be one at the next place too.
    const next = response.headers.get("location");
    const repeats = head.status === 307 || head.status === 308;
    if (post && next && repeats) this.posts.add(withoutFragment(next), post);
    // What a link says to save is saved wherever it leads.
    if (save !== undefined && next) this.saves.add(withoutFragment(next), save);
    return response;
  }
}

// Fetch, HTTP-redirect fetch, step 11: a stream is not sent again. One browser (Chromium), told of the
// redirect by a Service Worker, also drops every other request of the page and sends it a second time.
function keepsBody({ status, fields }: Head): boolean {
  return isRedirect(status) && status !== 303 && fields.some(([name]) => name === "location");
}

// So that the shell can send it again; forms of the app's own pages it has.
function tellForm(shell: Shell, body: RequestBody, asked: Asked): void {
  if (body.kind !== "blob" && body.kind !== "bytes") return;
  const blob = body.kind === "blob" ? body.blob : new Blob([body.bytes]);
  const contentType = asked.fields.find(([name]) => name === "content-type")?.[1] ?? "";
  shell.client.postMessage({ kind: "form", contentType, body: blob } satisfies SwToPage);
}
