// Requests of the app's pages for another app under the same parent: no network has what they ask for.
// The shell gets the request, and through it a hidden frame of that app (`sibling/`).

import { marksOf } from "../messages/marks";
import type { SwToPage } from "../messages/sw-page";
import type { ReplyPort, SwToWorker, WorkerReply } from "../messages/sw-worker";
import type { Aborts } from "./aborts";
import { readBody } from "./body-reading";
import { ask, factsOf, made } from "./guest-request";
import { transferOf } from "./request-body";
import { sw } from "./scope";
import type { Shell } from "./shells";

export async function askSibling(
  event: FetchEvent,
  shell: Shell,
  aborts: Aborts,
): Promise<Response> {
  const { request, clientId } = event;
  const { url } = request;
  const marks = marksOf(url);
  let over = (): void => undefined;
  try {
    const body = await readBody(request);
    if (!body) return Response.error(); // too large
    const losable = new Losable();
    const send = (reply: MessagePort, cancel: () => void): void => {
      over = aborts.add(marks.request, marks.keep ? "" : clientId, cancel);
      const facts = { ...factsOf(event, undefined), url };
      const message: SwToPage = { kind: "sibling", request: facts, body, reply };
      shell.client.postMessage(message, [reply, ...transferOf(body)]);
    };
    const reply = await ask(shell, send, () => losable.lose());
    if (reply.do === "response") return made(reply, shell, (port) => losable.of(port));
    if (reply.do === "opaque")
      return await sw.fetch(reply.url, { mode: "no-cors", credentials: "omit" });
  } catch {
    // Given up.
  } finally {
    over();
  }
  return Response.error();
}

// The port of a body whose other end may go without a word.
class Losable implements ReplyPort {
  onmessage: ReplyPort["onmessage"] = null;
  private port: MessagePort | undefined;

  of(port: MessagePort): this {
    this.port = port;
    port.onmessage = (event: MessageEvent<WorkerReply>) => this.onmessage?.(event);
    return this;
  }

  /** No more of it comes. */
  lose(): void {
    const data: WorkerReply = { kind: "error", error: "lost" };
    this.onmessage?.(new MessageEvent("message", { data }));
  }

  postMessage(message: SwToWorker): void {
    this.port?.postMessage(message);
  }

  close(): void {
    this.port?.close();
  }
}
