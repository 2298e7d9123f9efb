// In the shell of the app that asks: hands requests to the hidden frame of the sibling they are for.

import { marksOf } from "../messages/marks";
import {
  type Asking,
  type AskingHome,
  type ShellToSibling,
  type SiblingAsk,
  type SiblingToShell,
  SIBLING_PATH,
} from "../messages/sibling";
import { channelOf, realmLock } from "../messages/socket";
import type { RequestBody } from "../messages/sw-worker";
import { give, explain } from "./serving";

/** Answered by the Service Worker, without any policy: it may hold frames of other sites. */
const HOLDER = "/__p2claw/session";
// Of a frame that does not begin: the edge is away, or there is another site.
const HERE_MS = 15_000;

export function askSiblings(home: AskingHome): Asking {
  return new Asker(home);
}

class Asker implements Asking {
  private readonly frames = new Map<string, Promise<Window>>();
  private readonly pipes = new Map<string, MessagePort>();
  private holder: Promise<Window> | undefined;

  constructor(private readonly home: AskingHome) {
    window.addEventListener("message", ({ data, origin }: MessageEvent<SiblingToShell | null>) => {
      if (!this.frames.has(origin) || !data) return;
      if (data.p2claw === "sent") this.home.progress.get(data.id)?.(data.bytes);
    });
  }

  ask(asked: SiblingAsk): void {
    const { url } = asked.request;
    const { origin } = new URL(url);
    asked.reply.postMessage({ do: "wait" });
    const body = this.whole(asked.body);
    const acting =
      origin === location.origin
        ? this.here({ ...asked, body })
        : this.pass(origin, { ...asked, body });
    acting.catch((error: unknown) => {
      asked.reply.postMessage({ do: "error" });
      explain(url, error, undefined);
    });
  }

  socket(id: string, port: MessagePort): void {
    this.pipes.set(id, port);
  }

  async fetch(...given: Parameters<typeof fetch>): Promise<Response> {
    const holder = await (this.holder ??= hold());
    return holder.fetch(...given);
  }

  private async pass(origin: string, asked: SiblingAsk): Promise<void> {
    const { body, reply } = asked;
    const { embedder = "" } = document.documentElement.dataset;
    const socket = await this.pipe(marksOf(asked.request.url).socket);
    const frame = await this.frame(origin);
    const message: ShellToSibling = { p2claw: "ask", ...asked, embedder, socket };
    const given: Transferable[] = [reply, ...(socket ? [socket] : [])];
    if (body.kind === "bytes") given.push(body.bytes.buffer);
    if (body.kind === "stream") given.push(body.stream as unknown as Transferable);
    frame.postMessage(message, origin, given);
    const { socket: id } = marksOf(asked.request.url);
    if (id === undefined) return;
    // Free once the realm is gone: nothing else tells.
    await navigator.locks.request(realmLock(id), () => undefined);
    frame.postMessage(
      { p2claw: "over", socket: asked.request.url } satisfies ShellToSibling,
      origin,
    );
  }

  // Another origin has led back here.
  private async here({ request, body, reply }: SiblingAsk): Promise<void> {
    const giving = new AbortController();
    reply.onmessage = () => giving.abort();
    const { embedder = "" } = document.documentElement.dataset;
    const sent = (id: string, bytes: number): void => this.home.progress.get(id)?.(bytes);
    const { signal } = giving;
    const from = location.origin;
    await give({ from, embedder, request, body, socket: undefined, signal, sent }, reply);
  }

  private whole(body: RequestBody): RequestBody {
    if (body.kind !== "reference") return body;
    const blob = this.home.bodies.get(body.id);
    return blob ? { kind: "blob", blob } : { kind: "none" };
  }

  // A worker of the app can give no port: its pipe is a channel, of this origin.
  private async pipe(id: string | undefined): Promise<MessagePort | undefined> {
    const name = id === undefined ? undefined : channelOf(id);
    if (name === undefined) {
      const port = this.pipes.get(id ?? "");
      this.pipes.delete(id ?? "");
      return port;
    }
    const channel = new BroadcastChannel(name);
    const { port1, port2 } = new MessageChannel();
    channel.onmessage = ({ data }) => port1.postMessage(data);
    port1.onmessage = ({ data }) => channel.postMessage(data);
    return port2;
  }

  private frame(origin: string): Promise<Window> {
    const known = this.frames.get(origin);
    if (known) return known;
    const made = this.make(origin);
    this.frames.set(origin, made);
    made.catch(() => this.frames.delete(origin));
    return made;
  }

  private async make(origin: string): Promise<Window> {
    const holder = await (this.holder ??= hold());
    const frame = holder.document.createElement("iframe");
    const here = new Promise<Window>((resolve, reject) => {
      holder.addEventListener("message", ({ data, source }: MessageEvent<SiblingToShell>) => {
        if (source !== frame.contentWindow || data.p2claw !== "here") return;
        clearTimeout(late);
        resolve(source as Window);
      });
      const late = setTimeout(() => {
        frame.remove();
        reject(new Error("the hidden frame did not begin"));
      }, HERE_MS);
    });
    frame.src = origin + SIBLING_PATH;
    holder.document.body.append(frame);
    return here;
  }
}

function hold(): Promise<Window> {
  const frame = document.createElement("iframe");
  frame.hidden = true;
  frame.src = HOLDER;
  return new Promise((resolve, reject) => {
    frame.addEventListener("load", () => {
      if (frame.contentWindow) resolve(frame.contentWindow);
      else reject(new Error("no frame"));
    });
    // Not in the body, in whose place a copy is printed.
    document.documentElement.append(frame);
  });
}
