// One request of a page: passed to the app's `fetch` listeners, and what they respond with.

import type { GuestReply, GuestRequest } from "../messages/guest";
import { poured } from "../sibling/pouring";
import { keptAs } from "./caches";
import { FetchEvent } from "./events";

export async function respond(request: GuestRequest, reply: MessagePort): Promise<void> {
  const post = (message: GuestReply, transferred: Transferable[] = []): void =>
    reply.postMessage(message, transferred);
  let event: FetchEvent;
  try {
    const { clientId, resultingClientId } = request;
    event = new FetchEvent("fetch", { request: requestOf(request), clientId, resultingClientId });
  } catch {
    post({ do: "pass" }); // nothing that a script could ask for
    return;
  }
  self.dispatchEvent(event);
  if (!event.responded) {
    post(event.defaultPrevented ? { do: "error" } : { do: "pass" });
    return;
  }
  post({ do: "wait" });
  try {
    const response = await event.responded;
    if (response instanceof Response) send(response, post);
    else post({ do: "error" });
  } catch (error) {
    console.warn(`The response of a service worker to ${request.url} failed:`, error);
    post({ do: "error" });
  }
}

function send(
  response: Response,
  post: (message: GuestReply, transferred?: Transferable[]) => void,
): void {
  const kept = response.bodyUsed ? undefined : keptAs(response);
  if (kept) {
    void response.body?.cancel();
    post({ do: "kept", ...kept });
    return;
  }
  if (response.type === "error") {
    post({ do: "error" });
    return;
  }
  // What no script can read, the Service Worker asks for itself.
  if (response.type === "opaque" || response.type === "opaqueredirect") {
    post({ do: "pass" });
    return;
  }
  const { status, statusText, body } = response;
  const head = {
    do: "response" as const,
    status,
    statusText,
    headers: [...response.headers],
  };
  const port = body ? poured(body) : undefined;
  post({ ...head, body: port }, port ? [port] : []);
}

// No script can make a request of a navigation, or of a kind of element: these go beside it.
function requestOf(facts: GuestRequest): Request {
  const { url, mode, destination, body, ...init } = facts;
  const own = new URL(url).origin === self.location.origin;
  const made = new Request(url, {
    ...init,
    body: body ?? null,
    mode: mode === "navigate" || (mode === "no-cors" && own) ? "same-origin" : mode,
  });
  return dressed(made, mode, destination);
}

function dressed(request: Request, mode: RequestMode, destination: RequestDestination): Request {
  const { clone } = request;
  return Object.defineProperties(request, {
    mode: { value: mode },
    destination: { value: destination },
    clone: { value: () => dressed(clone.call(request), mode, destination) },
  });
}
