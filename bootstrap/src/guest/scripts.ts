// The scripts of a guest: fetched from the app, compared, and kept for when the box is away.

import { type GuestVersion, scriptCache } from "../messages/guest";

const SCRIPT = /^\s*(text|application)\/(x-)?(java|ecma)script\s*(;|$)/i;

/** Why a script cannot be one of a guest, as browsers word it. */
export class Unusable extends Error {
  constructor(
    readonly secure: boolean,
    message: string,
  ) {
    super(message);
  }
}

/** fresh: past every cache. Throws Unusable. */
export async function fetchScript(url: string, scope: string, fresh: boolean): Promise<Response> {
  const about = `Failed to register a ServiceWorker for scope ('${scope}') with script ('${url}'): `;
  const response = await fetch(url, {
    cache: fresh ? "no-cache" : "default",
    headers: { "service-worker": "script" },
    redirect: "error",
  }).catch(() => undefined);
  if (!response) {
    throw new Unusable(false, `${about}An unknown error occurred when fetching the script.`);
  }
  if (!response.ok) {
    const code = `A bad HTTP response code (${response.status}) was received when fetching the script.`;
    throw new Unusable(false, about + code);
  }
  const type = response.headers.get("content-type") ?? "";
  if (!SCRIPT.test(type)) {
    throw new Unusable(true, `${about}The script has an unsupported MIME type ('${type}').`);
  }
  const allowed = new URL(response.headers.get("service-worker-allowed") ?? "./", url);
  if (!new URL(scope).pathname.startsWith(allowed.pathname) || allowed.origin !== location.origin) {
    const [path, most] = [new URL(scope).pathname, allowed.pathname];
    throw new Unusable(
      true,
      `${about}The path of the provided scope ('${path}') is not under the max scope allowed ('${most}'). ` +
        "Adjust the scope, move the Service Worker script, or use the Service-Worker-Allowed HTTP header to allow the scope.",
    );
  }
  return response;
}

export async function keep(id: string, url: string, script: Response): Promise<void> {
  await (await caches.open(scriptCache(id))).put(url, script);
}

export async function forget(version: GuestVersion | undefined): Promise<void> {
  if (version) await caches.delete(scriptCache(version.id));
}

/** Whether the app still gives for this version, and all that it imports, what is kept. */
export async function isSame(version: GuestVersion, script: Response): Promise<boolean> {
  const cache = await caches.open(scriptCache(version.id));
  for (const { url } of await cache.keys()) {
    const kept = await cache.match(url);
    const now = url === version.script ? script.clone() : await fetch(url, { cache: "no-cache" });
    if (!kept || (now.ok && (await kept.text()) !== (await now.text()))) return false;
  }
  return true;
}
