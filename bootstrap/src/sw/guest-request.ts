// One request of a page as a guest or a sibling in a shell sees it: its facts, the wait for the reply,
// and the response that is made of it.

import type { GuestReply, GuestRequest } from "../messages/guest";
import { unmarked } from "../messages/marks";
import type { ReplyPort } from "../messages/sw-worker";
import { bodyOf } from "./response-body";
import type { Shell } from "./shells";

// For a guest to decide whether it responds.
const DECIDE_MS = 10_000;

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
