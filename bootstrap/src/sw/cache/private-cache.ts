// The browser's HTTP cache, which synthetic responses pass by: stands between a request and the box,
// and looks like the box to whoever asks. Source: RFC 9111; Fetch §4.6.

import type { ReplyPort, RequestBody } from "../../messages/sw-worker";
import { type Fields, hasNoBody } from "../../wire/heads";
import { type Asked, type Head, type Pending, ask } from "../asked";
import type { Shell } from "../shells";
import { unread } from "../unread";
import { fieldOf } from "./cache-control";
import { judge, mayKeep } from "./freshness";
import { MOST_BODY_BYTES, Recording, drain, recorded, replayed } from "./ports";
import {
  conditional,
  isConditional,
  isOther,
  lasting,
  momentary,
  partOf,
  refreshed,
  variantOf,
} from "./selection";
import { type Entry, Store } from "./store";

type Reply = Awaited<Pending["reply"]>;

export interface Replied {
  reply: Reply;
  port: ReplyPort;
}

/** One try to ask the box. */
export interface Sent {
  pending: Pending;
  requestMs: number;
}

type Send = (fields: Fields) => Sent;

// RFC 9110 §9.2.1. Another method changes what it was used on.
const SAFE = ["GET", "HEAD", "OPTIONS", "TRACE"];
const NOWHERE: ReplyPort = {
  onmessage: null,
  postMessage: () => undefined,
  close: () => undefined,
};

export class PrivateCache {
  private readonly store = new Store();
  /** Bodies that are on their way into the cache. */
  private readonly coming = new Map<Recording, string>();

  /** As `ask`, from the cache where that may be. */
  ask(asked: Asked, body: RequestBody, shell: Shell): Pending {
    let cancelled = false;
    let sent: Pending | undefined;
    let port = NOWHERE;
    const { onDeath } = shell;
    let settle: (reply: Reply) => void = () => undefined;
    const reply = new Promise<Reply>((resolve) => {
      settle = resolve;
    });
    const cancel = (): void => {
      cancelled = true;
      sent?.cancel();
      settle({ kind: "error", error: "lost" });
    };
    const send: Send = (fields) => {
      sent = ask({ ...asked, fields: [...fields] }, body, shell);
      if (cancelled) sent.cancel();
      return { pending: sent, requestMs: Date.now() };
    };
    const refresh: Send = (fields) => ({
      pending: ask({ ...asked, fields: [...fields] }, { kind: "none" }, shell),
      requestMs: Date.now(),
    });
    this.reply(asked, send, refresh).then(
      ({ reply, port: given }) => {
        const isRead =
          reply.kind === "head" && !reply.end && !hasNoBody(asked.method, reply.status);
        port = isRead ? unread(given, shell, onDeath) : given;
        settle(reply);
      },
      (error: unknown) => {
        console.error("p2claw: the cache failed", error);
        cancel();
      },
    );
    return {
      reply,
      cancel,
      get port() {
        return port;
      },
    };
  }

  /** The response to a request that went past the cache, kept on its way if it may be. */
  async keep(asked: Asked, sent: Sent): Promise<Replied> {
    if (asked.cache !== "no-store") return this.fetch(asked, sent);
    return { reply: await sent.pending.reply, port: sent.pending.port };
  }

  /** Nothing is kept any more, nor what is still on its way. */
  clear(): Promise<void> {
    for (const recording of [...this.coming.keys()]) recording.drop();
    return this.store.clear();
  }

  private async reply(asked: Asked, send: Send, refresh: Send): Promise<Replied> {
    const { method, url, fields } = asked;
    const read = method === "GET" || method === "HEAD";
    // A page that asks conditionally itself has a cache of its own. Some browsers call that no-cache.
    const own = /^(default|no-cache)$/.test(asked.cache) && isConditional(fields);
    const mode = own ? "no-store" : asked.cache;
    if (!read || mode === "no-store") {
      const sent = send(fields);
      const reply = await sent.pending.reply;
      if (!SAFE.includes(method) && reply.kind === "head") this.invalidate(url, reply);
      return { reply, port: sent.pending.port };
    }
    const kept = mode === "reload" ? undefined : await this.store.find(url, fields);
    if (!kept) {
      // Fetch §4.6, step 10.2: a network error.
      if (mode === "only-if-cached")
        return { reply: { kind: "error", error: "reset" }, port: NOWHERE };
      return this.fetch(asked, send(fields));
    }
    const anyAge = mode === "force-cache" || mode === "only-if-cached";
    const age = mode === "no-cache" ? "validate" : judge(kept, fields, Date.now());
    const verdict = anyAge ? "use" : age;
    const served = await this.serve(kept, asked);
    if (!served) return this.fetch(asked, send(fields));
    if (verdict === "validate") return this.validate(kept, asked, served, send);
    if (verdict === "use-and-refresh") {
      void this.validate(kept, { ...asked, method: "GET" }, served, refresh).then(
        ({ reply, port }) => {
          if (reply.kind === "head" && port !== served.port) drain(port);
        },
      );
    }
    return served;
  }

  // A kept response as it goes to a page; undefined: it cannot serve this request.
  private async serve(kept: Entry, { method, fields }: Asked): Promise<Replied | undefined> {
    const { head } = kept;
    if (method === "HEAD") return { reply: { ...head, end: true }, port: NOWHERE };
    const ranged = fieldOf(fields, "range") !== undefined;
    const part = ranged ? partOf(fields, kept.bytes) : undefined;
    if (ranged && (!part || head.status !== 200 || fieldOf(head.fields, "content-encoding"))) {
      return undefined;
    }
    const body = await this.store.body(kept);
    if (!body) return undefined;
    if (!part) return { reply: head, port: body.length ? replayed(body) : NOWHERE };
    const [from, to] = part;
    const others = head.fields.filter(([name]) => name !== "content-length");
    const partial: Fields = [
      ...others,
      ["content-range", `bytes ${from}-${to - 1}/${kept.bytes}`],
      ["content-length", String(to - from)],
    ];
    const reason = "reason" in head ? { reason: "Partial Content" } : {};
    const reply: Head = { ...head, ...reason, status: 206, fields: partial };
    return { reply, port: replayed(body.slice(from, to)) };
  }

  private async validate(kept: Entry, asked: Asked, served: Replied, send: Send): Promise<Replied> {
    const { fields } = asked;
    // A part is asked for as it is: whether the whole has changed is told with the next whole.
    const plain = asked.method === "HEAD" || fieldOf(fields, "range") !== undefined;
    const question = plain ? undefined : conditional(fields, kept.head.fields);
    const sent = send(question ?? fields);
    const reply = await sent.pending.reply;
    if (reply.kind === "error") return { reply, port: sent.pending.port };
    if (reply.status === 304 && question) {
      this.renew(kept, reply, sent);
      const news = { ...kept.head, fields: [...kept.head.fields, ...momentary(reply.fields)] };
      return { reply: news, port: served.port };
    }
    if (asked.method === "HEAD") {
      if (reply.status === 200 && !isOther(kept.head.fields, reply.fields))
        this.renew(kept, reply, sent);
      else this.store.remove(kept);
    } else if (reply.status !== 206) {
      this.store.remove(kept);
    }
    return this.fetch(asked, sent);
  }

  private renew(kept: Entry, news: Head, { requestMs }: Sent): void {
    kept.head = { ...kept.head, fields: refreshed(kept.head.fields, news.fields) };
    kept.requestMs = requestMs;
    kept.responseMs = Date.now();
    this.store.update(kept);
  }

  // The response of the box, kept on its way if it may be.
  private async fetch(asked: Asked, { pending, requestMs }: Sent): Promise<Replied> {
    const reply = await pending.reply;
    const { port } = pending;
    const { url, fields, method } = asked;
    if (method !== "GET" || reply.kind === "error" || reply.error) return { reply, port };
    const length = fieldOf(reply.fields, "content-length");
    if (Number(length) > MOST_BODY_BYTES || !mayKeep(fields, reply.status, reply.fields)) {
      return { reply, port };
    }
    const responseMs = Date.now();
    const keep = (body: Uint8Array<ArrayBuffer>): void => {
      // Cut, though nobody said so. What was decoded on the way has another length.
      if (length !== undefined && !reply.decoded && Number(length) !== body.length) return;
      const head = { ...reply, fields: lasting(reply.fields), end: !body.length };
      const variant = variantOf(fields, reply.fields);
      const times = { requestMs, responseMs, usedMs: responseMs };
      const id = crypto.randomUUID();
      void this.store.put({ id, url, variant, head, bytes: body.length, ...times }, fields, body);
    };
    if (reply.end) {
      keep(new Uint8Array());
      return { reply, port };
    }
    const recording = new Recording((body) => {
      this.coming.delete(recording);
      if (body) keep(body);
    });
    this.coming.set(recording, url);
    return { reply, port: recorded(port, recording) };
  }

  // RFC 9111 §4.4.
  private invalidate(url: string, { status, fields }: Head): void {
    if (status < 200 || status >= 400) return;
    const { origin } = new URL(url);
    for (const name of ["location", "content-location"]) {
      const target = absolute(fieldOf(fields, name), url);
      if (target?.startsWith(`${origin}/`)) this.remove(target);
    }
    this.remove(url);
  }

  private remove(url: string): void {
    for (const [recording, of] of [...this.coming]) if (of === url) recording.drop();
    void this.store.removeUrl(url);
  }
}

function absolute(reference: string | undefined, url: string): string | undefined {
  try {
    return reference === undefined ? undefined : new URL(reference, url).href.split("#", 1)[0];
  } catch {
    return undefined;
  }
}
