// In the shell of the app that asks: hands requests to the hidden frame of the sibling they are for.

import { marksOf } from "../messages/marks";
import {
  type Asking,
  type AskingHome,
  type ShellToSibling,
  type SiblingAsk,
  type SiblingReply,
  type SiblingToShell,
} from "../messages/sibling";
import { type WorkerToSocket, channelOf, realmLock } from "../messages/socket";
import type { RequestBody } from "../messages/sw-worker";
import { HiddenFrame } from "./hidden-frame";
import { give, explain } from "./serving";

/** The Service Worker responds to it, without any policy: it may hold frames of other sites. */
const HOLDER = "/__p2claw/session";

export function askSiblings(home: AskingHome): Asking {
  return new Asker(home);
}

class Asker implements Asking {
  private readonly frames = new Map<string, HiddenFrame>();
  private readonly pipes = new Map<string, MessagePort>();
  private holder: Promise<Window> | undefined;

  constructor(private readonly home: AskingHome) {
    window.addEventListener("message", ({ data, origin }: MessageEvent<SiblingToShell | null>) => {
      const frame = this.frames.get(origin);
      if (!frame || !data) return;
      if (data.p2claw === "lives") frame.lives();
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
    return (await this.held()).fetch(...given);
  }

  private async pass(origin: string, asked: SiblingAsk): Promise<void> {
    const { body } = asked;
    const { embedder = "" } = document.documentElement.dataset;
    const { socket: id } = marksOf(asked.request.url);
    const frame = await this.frame(origin);
    const window = await frame.here;
    const reply = relayed(asked.reply, frame);
    const pipe = this.pipe(id);
    const socket = pipe?.end;
    const message: ShellToSibling = { p2claw: "ask", ...asked, reply, embedder, socket };
    const given: Transferable[] = [reply, ...(socket ? [socket] : [])];
    if (body.kind === "bytes") given.push(body.bytes.buffer);
    if (body.kind === "stream") given.push(body.stream as unknown as Transferable);
    window.postMessage(message, origin, given);
    if (id === undefined || !pipe) return;
    const paid = frame.owes(pipe.lost);
    // Free once the realm is gone: nothing else tells.
    await navigator.locks.request(realmLock(id), () => undefined);
    paid();
    const over: ShellToSibling = { p2claw: "over", socket: asked.request.url };
    window.postMessage(over, origin);
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

  // Between the realm of a WebSocket and the frame: if the frame is gone somebody must say so.
  private pipe(id: string | undefined): { end: MessagePort; lost: () => void } | undefined {
    if (id === undefined) return undefined;
    // A worker of the app can give no port: its pipe is a channel, of this origin.
    const name = channelOf(id);
    const realm = name === undefined ? this.pipes.get(id) : new BroadcastChannel(name);
    this.pipes.delete(id);
    if (!realm) return undefined;
    const { port1, port2 } = new MessageChannel();
    realm.onmessage = ({ data }: MessageEvent<unknown>) => port1.postMessage(data);
    port1.onmessage = ({ data }) => realm.postMessage(data);
    const lost: WorkerToSocket = { kind: "lost", failed: true };
    return { end: port2, lost: () => realm.postMessage(lost) };
  }

  private async frame(origin: string): Promise<HiddenFrame> {
    const holder = await this.held();
    const known = this.frames.get(origin);
    if (known?.stands) return known;
    known?.end();
    const made = new HiddenFrame(holder, origin, () => {
      if (this.frames.get(origin) === made) this.frames.delete(origin);
    });
    this.frames.set(origin, made);
    return made;
  }

  // An app may take away what it finds in the document at the top. One after the other, so that requests
  // that come together make one.
  private held(): Promise<Window> {
    const before = this.holder?.catch(() => undefined);
    const standing = async (): Promise<Window> => {
      const holder = await before;
      return holder?.top ? holder : hold();
    };
    return (this.holder = standing());
  }
}

// The frame's end of the port on which it replies. The reply is owed until all of it has come.
function relayed(reply: MessagePort, frame: HiddenFrame): MessagePort {
  const { port1, port2 } = new MessageChannel();
  const paid = frame.owes(() => reply.postMessage({ do: "error" }));
  port1.onmessage = ({ data, ports }: MessageEvent<SiblingReply>) => {
    const goesOn = data.do === "wait" || (data.do === "response" && data.body !== undefined);
    if (!goesOn) paid();
    if (data.do !== "over") reply.postMessage(data, [...ports]);
  };
  reply.onmessage = () => port1.postMessage(null);
  return port2;
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
