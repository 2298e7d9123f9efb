// The scripts of the app's own workers, with ours before them: a worker has no other place for it.

import { type Given, give } from "../messages/worker-given";
import { asset } from "./assets";
import { beforeWorker } from "./worker-prefix";

export function isWorker({ destination }: Request): boolean {
  return destination === "worker" || destination === "sharedworker";
}

/** Our script, which knows the app's other names. undefined: it cannot be had. */
async function ours(origins: readonly string[], more?: Given): Promise<string | undefined> {
  try {
    const file = await asset(__INJECT_WORKER_URL__);
    if (!file.ok) return undefined;
    const given = give({ origins: origins.join(" "), file: __INJECT_WORKER_URL__, ...more });
    return given + (await file.text()).trimEnd();
  } catch {
    return undefined;
  }
}

/** As a file, for what cannot hold it: modules, and scripts that a page has made. query: where the app
 * takes one of the latter to be. */
export async function ownScript(origins: readonly string[], query: string): Promise<Response> {
  const location = query && decodeURIComponent(query.slice(1));
  const text = await ours(origins, location ? { location } : {});
  if (text === undefined) return Response.error();
  return new Response(text, { headers: { "content-type": "text/javascript" } });
}

export async function withOwnScript(
  response: Response,
  origins: readonly string[],
): Promise<Response> {
  if (!response.ok || !response.body) return response;
  const text = await ours(origins);
  if (text === undefined) return response;
  return withScript(response, text, __INJECT_WORKER_URL__);
}

/** The app's own Service Worker, as a script that a dedicated worker can run. */
export async function asGuest(script: Response): Promise<Response> {
  const file = await asset(__GUEST_WORKER_URL__).catch(() => undefined);
  if (!file?.ok || !script.ok) return Response.error();
  return withScript(script, (await file.text()).trimEnd(), __GUEST_WORKER_URL__);
}

async function withScript(response: Response, text: string, file: string): Promise<Response> {
  const { status, statusText } = response;
  const headers = new Headers(response.headers);
  try {
    // Whole: nothing of it runs before that anyway.
    const script = await response.arrayBuffer();
    // A policy of the app's may not admit our file; what stands in its own script, it does.
    const url = headers.has("content-security-policy") ? "" : file;
    const prefix = beforeWorker(new TextDecoder().decode(script), text, url);
    headers.delete("content-length");
    return new Response(new Blob([prefix, script]), { status, statusText, headers });
  } catch {
    return Response.error(); // it broke off
  }
}
