// One request of a page, through a worker to the box, and its answer as a Response.

import { ERROR_FIELD, REQUEST_FIELD, type SwToPage } from "../messages/sw-page";
import type { PortRequest, ReplyError, RequestBody, SwToWorker, WorkerReply } from "../messages/sw-worker";
import { hasNoBody } from "../wire/heads";
import type { Aborts } from "./aborts";
import { departureDocument, problemDocument, shellDocument } from "./documents";
import { injectTag } from "./html-injection";
import { BodyTooLarge, bodyLength, requestBody, transferOf } from "./request-body";
import { requestFields } from "./request-fields";
import { ResponseBody } from "./response-body";
import { CodedBody, leadsAway, planResponse } from "./response-head";
import { urgencyOf } from "./routing";
import { sw } from "./scope";
import type { Shell, Shells } from "./shells";

type Head = Extract<WorkerReply, { kind: "head" }>;

export async function relay(event: FetchEvent, shells: Shells, aborts: Aborts): Promise<Response> {
  const { request } = event;
  const page = request.mode === "navigate";
  const shell = page
    ? await shells.ofNavigation(request.url, request.referrer)
    : await shells.of(event.clientId);
  if (!shell) return page ? shellDocument() : Response.error();
  shells.adopt(event.resultingClientId, shell);
  let body: RequestBody;
  try {
    body = await requestBody(request);
  } catch (error) {
    if (!(error instanceof BodyTooLarge)) return Response.error();
    return refuse(page, 413, "upload-too-large", "This browser cannot send a form of that size.");
  }
  const pending = ask(request, body, shell);
  const id = request.headers.get(REQUEST_FIELD);
  const settled = aborts.add(id, event.clientId, pending.cancel);
  const answer = await pending.answer;
  settled();
  if (answer.kind === "error") return fail(page, answer.error);
  return respond(answer, pending.port, request, shell);
}

interface Pending {
  answer: Promise<Head | { kind: "error"; error: ReplyError }>;
  port: MessagePort;
  cancel: () => void;
}

function ask(request: Request, body: RequestBody, shell: Shell): Pending {
  const { port1, port2 } = new MessageChannel();
  const url = new URL(request.url);
  const fields = requestFields(request, {
    origin: sw.location.origin,
    userAgent: navigator.userAgent,
    languages: navigator.languages,
  });
  const length = body.kind === "none" ? undefined : bodyLength(body);
  const message: PortRequest = {
    method: request.method,
    target: url.pathname + url.search,
    fields: length === undefined ? fields : [...fields, ["content-length", String(length)]],
    urgency: urgencyOf(request),
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

function respond(head: Head, port: MessagePort, request: Request, shell: Shell): Response {
  const page = request.mode === "navigate";
  const away = page ? leadsAway(head.status, head.fields, request.url) : undefined;
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
    return assemble(head, port, request, shell);
  } catch (error) {
    if (!(error instanceof CodedBody)) throw error;
    drop();
    return refuse(page, 502, "coding", `The app answered in a coding that was not asked for: ${error.message}.`);
  }
}

function assemble(head: Head, port: MessagePort, request: Request, shell: Shell): Response {
  const page = request.mode === "navigate";
  const plan = planResponse({
    status: head.status,
    fields: head.fields,
    page,
    url: request.url,
    framing: { embedded: shell.embedded, secure: sw.location.protocol === "https:" },
    ownNonce: crypto.randomUUID(),
  });
  const headers = new Headers();
  for (const [name, value] of plan.fields) headers.append(name, value);
  if (head.error) headers.set(ERROR_FIELD, head.error);
  if (page && isDownload(head.status, headers)) tellDownload(shell);
  if (hasNoBody(request.method, head.status) || head.end) {
    const empty = hasNoBody(request.method, head.status) ? null : plan.inject ? tagOf(plan.nonce) : "";
    return new Response(empty, { status: head.status, headers });
  }
  const body = new ResponseBody(port, () => shell.onDeath.delete(failed));
  const failed = (): void => body.fail();
  shell.onDeath.add(failed);
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

function tellDownload(shell: Shell): void {
  void sw.clients.get(shell.clientId).then((client) => {
    client?.postMessage({ kind: "download" } satisfies SwToPage);
  });
}

function fail(page: boolean, error: ReplyError): Response {
  if (!page) return error === "head" ? refuse(false, 431, error, "The request is too large.") : Response.error();
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
