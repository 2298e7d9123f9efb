// The part of the Service Worker that the first page of a first visit does not wait for: `sw-later/`.
// After its installation a Service Worker can import no script that it had not imported before, and
// would wait for one that it had. So this part is fetched as our other files are, and run as the body
// of a function.

import type { Fields } from "../wire/heads";
import type { ReplyPort, RequestBody } from "../messages/sw-worker";
import type { Aborts } from "./aborts";
import { type Asked, type Head, type Pending, ask } from "./asked";
import { asset, isKept } from "./assets";
import type { readBody } from "./body-reading";
import type { PrivateCache } from "./cache/private-cache";
import type { Cookies, OpenJar } from "./cookies/cookies";
import type { settle } from "./cookies/settle";
import type { Guests } from "./guests";
import type { Insertion } from "./html-injection";
import type { Notes } from "./noted";
import type { OwnOrigins } from "./own-origins";
import type { plainDisposition, saveAs } from "./saved-name";
import type { Shell, Shells } from "./shells";
import type { Admit } from "./policed";
import type { reportForm } from "./sent-form";
import type { WorkerScripts } from "./worker-script";

/** Requests that the app's own service workers are shown first (`guest-first`). */
interface GuestFirstOf {
  intercept(
    event: FetchEvent,
    plain: Omit<Asked, "cookies">,
    shell: Shell,
    ask: () => Promise<Response>,
  ): Promise<Response>;
  elsewhere(event: FetchEvent): Promise<Response>;
}

export interface LaterPart {
  cache: PrivateCache;
  guests: Guests;
  Insertion: typeof Insertion;
  notes: Notes;
  admit: Admit;
  clearSiteData(fields: Fields, cookies: Cookies): Promise<void>;
  guestFirst: GuestFirstOf;
  ownCode(): Promise<string>;
  plainDisposition: typeof plainDisposition;
  saveAs: typeof saveAs;
  settle: typeof settle;
  openJar: OpenJar;
  readBody: typeof readBody;
  reportForm: typeof reportForm;
  workerScripts: WorkerScripts;
}

/** Of the rest of the Service Worker, for the part. */
export interface Base {
  readonly shells: Shells;
  readonly aborts: Aborts;
  readonly own: OwnOrigins;
  readonly asset: typeof asset;
  assemble(
    head: Head,
    port: ReplyPort,
    asked: Omit<Asked, "cookies">,
    shell: Shell,
  ): Promise<Response>;
}

/** What the part calls when it runs. */
export type Give = (make: (base: Base) => LaterPart) => void;

export class Later {
  /** undefined: it is not here yet. */
  here: LaterPart | undefined;
  private coming: Promise<LaterPart> | undefined;

  constructor(private readonly base: Base) {}

  /** Rejects where it cannot be had; asked again, it tries again. */
  part(): Promise<LaterPart> {
    this.coming ??= this.load().catch((error: unknown) => {
      this.coming = undefined;
      console.error("p2claw: a part of this site's service worker could not be loaded");
      throw error;
    });
    return this.coming;
  }

  /** For a request. A page does not wait for what is not on this machine yet, and without it nothing
   * comes from the cache or from the app's own service workers. */
  async forRequest(page: boolean): Promise<LaterPart | undefined> {
    const part = this.part().catch(() => undefined);
    return this.here ?? (page && !(await isKept(__SW_LATER_URL__)) ? undefined : part);
  }

  /** Asks past the cache. If the cache is here when the response comes, it keeps the response. */
  ask(asked: Asked, body: RequestBody, shell: Shell): Pending {
    const sent = { pending: ask(asked, body, shell), requestMs: Date.now() };
    let { port } = sent.pending;
    const reply = sent.pending.reply.then(async (given) => {
      const kept = await this.here?.cache.keep(asked, sent);
      if (kept) port = kept.port;
      return given;
    });
    return {
      reply,
      cancel: sent.pending.cancel,
      get port() {
        return port;
      },
    };
  }

  /** For a page that begins otherwise than most. */
  async insertion(): Promise<typeof Insertion> {
    return (await this.part()).Insertion;
  }

  private async load(): Promise<LaterPart> {
    const file = await asset(__SW_LATER_URL__);
    if (!file.ok) throw new Error(String(file.status));
    const run = new Function("give", await file.text()) as (give: Give) => void;
    return new Promise((resolve) => run((make) => resolve((this.here = make(this.base)))));
  }
}
