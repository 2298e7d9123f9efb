// The scripts of the app's own workers, with ours before them: a worker has no other place for it.

import { type Given, give } from "../messages/worker-given";
import { beforeWorker } from "./worker-prefix";

/** asset: gives a file of ours, by its path. */
export class WorkerScripts {
  constructor(private readonly asset: (path: string) => Promise<Response>) {}

  /** As a file, for what cannot hold it: modules, and scripts that a page has made. query: where the
   * app takes one of the latter to be. */
  async own(origins: readonly string[], query: string): Promise<Response> {
    const location = query && decodeURIComponent(query.slice(1));
    const text = await this.ours(origins, location ? { location } : {});
    if (text === undefined) return Response.error();
    return new Response(text, { headers: { "content-type": "text/javascript" } });
  }

  async withOwn(response: Response, origins: readonly string[]): Promise<Response> {
    if (!response.ok || !response.body) return response;
    const text = await this.ours(origins);
    if (text === undefined) return response;
    return withScript(response, text, __INJECT_WORKER_URL__);
  }

  /** The app's own Service Worker, as a script that a dedicated worker can run. */
  async asGuest(script: Response): Promise<Response> {
    const file = await this.asset(__GUEST_WORKER_URL__).catch(() => undefined);
    if (!file?.ok || !script.ok) return Response.error();
    return withScript(script, (await file.text()).trimEnd(), __GUEST_WORKER_URL__);
  }

  // Our script, which knows the app's other names. undefined: it cannot be had.
  private async ours(origins: readonly string[], more?: Given): Promise<string | undefined> {
    try {
      const file = await this.asset(__INJECT_WORKER_URL__);
      if (!file.ok) return undefined;
      const given = give({ origins: origins.join(" "), file: __INJECT_WORKER_URL__, ...more });
      return given + (await file.text()).trimEnd();
    } catch {
      return undefined;
    }
  }
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
