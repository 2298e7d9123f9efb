// One request of a page, through a worker to the box, and its answer as a Response.

import { ERROR_FIELD, REQUEST_FIELD, type SwToPage } from "../messages/sw-page";
import type { PortRequest, ReplyError, RequestBody, SwToWorker, WorkerReply } from "../messages/sw-worker";
import { type Fields, hasNoBody } from "../wire/heads";
import type { Aborts } from "./aborts";
import { departureDocument, problemDocument, shellDocument } from "./documents";
import { injectTag } from "./html-injection";
import type { NextVisit } from "./next-visit";
import { BodyTooLarge, bodyLength, requestBody, transferOf } from "./request-body";
import { requestFields } from "./request-fields";
import { ResponseBody } from "./response-body";
import { CodedBody, leadsAway, planResponse } from "./response-head";
import { urgencyOf, withoutFragment } from "./routing";
import { sw } from "./scope";
import type { Shell, Shells } from "./shells";

type Head = Extract<WorkerReply, { kind: "head" }>;

/** A form that is sent by a navigation which itself is a GET. */
export interface Post {
  body: RequestBody;
  contentType: string;
  /** "" where the browser says which. */
  origin: string;
}

/** What is asked, whatever the browser's own request looks like. */
interface Asked {
  url: string;
  method: string;
  fields: Fields;
  urgency: number;
  /** It becomes a document in a frame. */
  page: boolean;
  post: Post | undefined;
  /** It is saved under this name, unless the app says another. */
  save: string | undefined;
}

export class Relay {
  constructor(
    private readonly shells: Shells,
    private readonly aborts: Aborts,
    private readonly posts: NextVisit<Post>,
    private readonly saves: NextVisit<string>,
  ) {}

  async answer(event: FetchEvent): Promise<Response> {
    const { request } = event;
    const page = request.mode === "navigate";
    const shell = page
      ? await this.shells.ofNavigation(withoutFragment(request.url), request.referrer)
      : await this.shells.of(event.clientId);
    if (!shell) return page ? this.atTheTop(request) : Response.error();
    this.shells.adopt(event.resultingClientId, shell);
    const asked = this.asked(request);
    let body: RequestBody;
    try {
      body = asked.post?.body ?? (await requestBody(request));
    } catch (error) {
      if (!(error instanceof BodyTooLarge)) return Response.error();
      return refuse(page, 413, "upload-too-large", "This browser cannot send a form of that size.");
    }
    const pending = ask(asked, body, shell);
    const id = request.headers.get(REQUEST_FIELD);
    const settled = this.aborts.add(id, event.clientId, pending.cancel);
    const answer = await pending.answer;
    settled();
    return answer.kind === "error" ? fail(page, answer.error) : this.respond(answer, pending.port, asked, shell);
  }

  /** A page at the top of a tab is a shell; a form that was sent there waits for its frame. */
  async atTheTop(request: Request): Promise<Response> {
    if (request.method === "GET" || request.method === "HEAD") return shellDocument();
    const from = /^https?:/.test(request.referrer) ? new URL(request.referrer).origin : "null";
    const body = await request.blob();
    this.posts.add(withoutFragment(request.url), {
      body: { kind: "blob", blob: body },
      contentType: request.headers.get("content-type") ?? body.type,
      origin: request.headers.get("origin") ?? from,
    });
    return shellDocument();
  }

  private asked(request: Request): Asked {
    const page = request.mode === "navigate";
    const url = withoutFragment(request.url);
    const post = page && request.method === "GET" ? this.posts.take(url) : undefined;
    const save = page ? this.saves.take(url) : undefined;
    const method = post ? "POST" : request.method;
    const { mode, destination, cache, referrer } = request;
    const headers = [...request.headers];
    if (post) headers.push(["content-type", post.contentType]);
    if (post?.origin) headers.push(["origin", post.origin]);
    const browser = {
      origin: sw.location.origin,
      userAgent: navigator.userAgent,
      languages: navigator.languages,
    };
    const fields = requestFields({ method, mode, destination, cache, referrer, headers }, browser);
    return { url, method, fields, urgency: urgencyOf(request), page, post, save };
  }

  private respond(head: Head, port: MessagePort, asked: Asked, shell: Shell): Response {
    const { page, url, post } = asked;
    const away = page ? leadsAway(head.status, head.fields, url) : undefined;
    const drop = (): void => port.postMessage({ kind: "cancel" } satisfies SwToWorker);
    if (away !== undefined) {
      drop();
      return departureDocument(away);
    }
    if (page && head.error) {
      drop();
      return problemDocument(head.status, head.error, "The app could not be reached.");
    }
    try {
      const response = assemble(head, port, asked, shell);
      // To the browser it was a GET, and will be one at the next place too.
      const next = response.headers.get("location");
      const repeats = head.status === 307 || head.status === 308;
      if (post && next && repeats) this.posts.add(withoutFragment(next), post);
      return response;
    } catch (error) {
      if (!(error instanceof CodedBody)) throw error;
      drop();
      return refuse(page, 502, "coding", `The app answered in a coding that was not asked for: ${error.message}.`);
    }
  }
}

interface Pending {
  answer: Promise<Head | { kind: "error"; error: ReplyError }>;
  port: MessagePort;
  cancel: () => void;
}

function ask(asked: Asked, body: RequestBody, shell: Shell): Pending {
  const { port1, port2 } = new MessageChannel();
  const { method, urgency, fields } = asked;
  const url = new URL(asked.url);
  const length = body.kind === "none" ? undefined : bodyLength(body);
  const message: PortRequest = {
    method,
    target: url.pathname + url.search,
    fields: length === undefined ? fields : [...fields, ["content-length", String(length)]],
    urgency,
    body,
    reply: port2,
  };
  let cancel = (): void => undefined;
  const answer: Pending["answer"] = new Promise((resolve) => {
    const died = (): void => resolve({ kind: "error", error: "lost" });
    shell.onDeath.add(died);
    cancel = () => {
      port1.postMessage({ kind: "cancel" } satisfies SwToWorker);
      died();
    };
    port1.onmessage = ({ data }: MessageEvent<WorkerReply>) => {
      shell.onDeath.delete(died);
      if (data.kind === "head" || data.kind === "error") resolve(data);
    };
  });
  shell.port.postMessage(message, [port2, ...transferOf(body)]);
  return { answer, port: port1, cancel };
}

function assemble(head: Head, port: MessagePort, asked: Asked, shell: Shell): Response {
  const { page, url, method } = asked;
  const plan = planResponse({
    status: head.status,
    fields: head.fields,
    page,
    url,
    framing: { embedded: shell.embedded, secure: sw.location.protocol === "https:" },
    ownNonce: crypto.randomUUID(),
  });
  const headers = new Headers();
  for (const [name, value] of plan.fields) headers.append(name, value);
  if (head.error) headers.set(ERROR_FIELD, head.error);
  if (asked.save !== undefined) saveAs(asked.save, headers);
  if (page && isDownload(head.status, headers)) tellDownload(shell);
  if (hasNoBody(method, head.status) || head.end) {
    const empty = hasNoBody(method, head.status) ? null : plan.inject ? tagOf(plan.nonce) : "";
    return new Response(empty, { status: head.status, headers });
  }
  const body = new ResponseBody(port, () => shell.onDeath.delete(failed));
  const failed = (): void => body.fail();
  shell.onDeath.add(failed);
  if (headers.has("location") && head.status < 400 && head.status >= 300) {
    // Browsers do not read it, and one complains that it was not read.
    void body.stream.pipeTo(new WritableStream()).catch(() => undefined);
    return new Response(null, { status: head.status, headers });
  }
  let stream = body.stream;
  if (plan.decode) stream = stream.pipeThrough(new DecompressionStream(plan.decode));
  if (plan.inject) stream = stream.pipeThrough(injectTag(tagOf(plan.nonce)));
  return new Response(stream, { status: head.status, headers });
}

function tagOf(nonce: string): string {
  return `<script src="${__INJECT_URL__}"${nonce ? ` nonce="${nonce}"` : ""}></script>`;
}

function isDownload(status: number, headers: Headers): boolean {
  const disposition = headers.get("content-disposition") ?? "";
  return status === 204 || status === 205 || /^\s*attachment/i.test(disposition);
}

// RFC 6266. A name that the app itself gives goes first.
function saveAs(name: string, headers: Headers): void {
  const given = headers.get("content-disposition");
  if (given !== null && /^\s*attachment/i.test(given)) return;
  const coded = encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
  headers.set("content-disposition", `attachment${name ? `; filename*=UTF-8''${coded}` : ""}`);
}

function tellDownload(shell: Shell): void {
  void sw.clients.get(shell.clientId).then((client) => {
    client?.postMessage({ kind: "download" } satisfies SwToPage);
  });
}

function fail(page: boolean, error: ReplyError): Response {
  if (!page) {
    return error === "head" ? refuse(false, 431, error, "The request is too large.") : Response.error();
  }
  switch (error) {
    case "offline":
    case "lost":
    case "reset":
      return problemDocument(503, error, "The box cannot be reached just now.");
    case "busy":
      return problemDocument(503, "box-busy", "The box is busy.");
    case "head":
      return problemDocument(431, "head-too-large", "The address or the fields of the request are too large.");
    default:
      return error satisfies never;
  }
}

function refuse(page: boolean, status: number, code: string, line: string): Response {
  if (page) return problemDocument(status, code, line);
  return new Response(`${line}\n`, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", [ERROR_FIELD]: code },
  });
}
