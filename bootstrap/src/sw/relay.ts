// One request of a page, through a worker to the box, and its response as a Response.

import { marksOf } from "../messages/marks";
import { MOVED_FIELD } from "../messages/sibling";
import type { ReplyPort, RequestBody, SwToWorker } from "../messages/sw-worker";
import type { Aborts } from "./aborts";
import type { Cookies } from "./cookies/cookies";
import { RequestCookies } from "./cookies/request-cookies";
import { siteOf } from "./cookies/site";
import type { Asked, Head } from "./asked";
import { departureDocument, problemDocument } from "./documents";
import type { Isolation } from "./isolation";
import type { Later, LaterPart } from "./later";
import type { OwnOrigins } from "./own-origins";
import { type Plain, askedFor } from "./page-requests";
import { fail, refuse } from "./refusals";
import { assemble } from "./response";
import { isRedirect, leadsAway } from "./response-head";
import { isWorker, withoutFragment } from "./routing";
import { sw } from "./scope";
import { tabPolicyOf, within } from "./tab-policy";
import type { Shell, Shells } from "./shells";
import type { TabTop } from "./tab-top";

// Faults of the app that a browser at its port would have met as a refused or broken connection.
const NETWORK_ERRORS = new Set(["app-down", "app-broken", "app-certificate"]);

export class Relay {
  constructor(
    private readonly shells: Shells,
    private readonly aborts: Aborts,
    private readonly top: TabTop,
    private readonly own: OwnOrigins,
    private readonly cookies: Cookies,
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
    if (!shell) return page ? this.top.page(request) : Response.error();
    this.shells.adopt(event.resultingClientId, shell);
    const first = navigating?.first ?? false;
    const inside = page && !shell.embedded && (!first || shell.led);
    const part = await this.later.forRequest(page);
    // Without it the app would be asked for a page of that address.
    if (!part && marksOf(request.url).socket !== undefined) return Response.error();
    const url = withoutFragment(this.own.mapped(request.url));
    const noted = part?.notes.of(event, url) ?? {};
    const plain = askedFor(event, url, page ? shell : undefined, inside, noted);
    const ask = (): Promise<Response> => this.fromApp(event, plain, shell, first, part);
    return framed(await (part?.guestFirst.intercept(event, plain, shell, ask) ?? ask()));
  }

  private async fromApp(
    event: FetchEvent,
    plain: Plain,
    shell: Shell,
    first: boolean,
    part: LaterPart | undefined,
  ): Promise<Response> {
    const { request } = event;
    const page = request.mode === "navigate";
    const partMissing = (): Response =>
      refuse(page, 503, "part-missing", "A part of this site could not be loaded.");
    try {
      await this.cookies.ready();
    } catch {
      return partMissing();
    }
    const cookies = await this.cookiesOf(request, plain, shell, first);
    const { cookie } = cookies.now();
    if (cookie) plain.fields.push(["cookie", cookie]);
    const guest = page ? await part?.guests.inTag(plain.url) : undefined;
    const asked = { ...plain, cookies, guest };
    let body: RequestBody | undefined;
    try {
      if (asked.post) ({ body } = asked.post);
      else if (/^(GET|HEAD)$/.test(request.method)) body = { kind: "none" };
      else body = await (await this.later.part()).readBody(request);
    } catch {
      return Response.error();
    }
    if (!body) {
      const line = "This browser cannot send a form of that size.";
      return refuse(page, 413, "upload-too-large", line);
    }
    if (page && asked.method === "POST") this.later.here?.reportForm(shell, body, asked);
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
    try {
      if (!reply.error) await cookies.receive(reply.fields);
    } catch {
      pending.port.postMessage({ kind: "cancel" } satisfies SwToWorker);
      return partMissing();
    }
    // Of a request without credentials it clears nothing.
    const clears = reply.fields.some(([name]) => name === "clear-site-data");
    if (clears && !reply.error && request.credentials !== "omit")
      await (await this.later.part()).clearSiteData(reply.fields, this.cookies);
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

  private async cookiesOf(
    { mode, credentials, headers }: Request,
    { url, method, post }: Plain,
    shell: Shell,
    first: boolean,
  ): Promise<RequestCookies> {
    const { all } = this.shells;
    const anyShell = mode === "navigate" && all.length > 1;
    if (anyShell) await this.later.here?.settle(this.cookies, all);
    const named = post ? post.origin : headers.get("origin");
    // "null" is what a page says that keeps its referrer to itself.
    const origin = named && (post || named !== "null") ? named : undefined;
    const site = siteOf({ ...shell, first, method, origin }, sw.location.origin);
    const admitted = credentials !== "omit";
    return new RequestCookies(this.cookies, { url, site, shell, admitted, anyShell });
  }

  private async respond(
    head: Head,
    port: ReplyPort,
    asked: Asked,
    shell: Shell,
  ): Promise<Response> {
    const { page, url } = asked;
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
    const next = response.headers.get("location");
    if (next) this.later.here?.notes.moved(asked, head, next);
    return response;
  }
}

// Fetch, HTTP-redirect fetch, step 11: a stream is not sent again. One browser (Chromium), told of the
// redirect by a Service Worker, also drops every other request of the page and sends it a second time.
function keepsBody({ status, fields }: Head): boolean {
  return isRedirect(status) && status !== 303 && fields.some(([name]) => name === "location");
}
