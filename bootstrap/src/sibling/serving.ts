// In the hidden frame: responds to what the shell around it asks, for the app of this origin.

import { SHELL_PROPERTY, type ShellApi } from "../messages/frame-shell";
import {
  type HiddenShell,
  type ShellToSibling,
  type SiblingAsk,
  type SiblingReply,
  type SiblingToShell,
  isSameBox,
  isSibling,
} from "../messages/sibling";
import { realmLock, socketId } from "../messages/socket";
import { cross } from "./crossing";
import { type Crossing, Refused } from "./foreign-request";
import { poured } from "./pouring";

// Until requests are intercepted: a first visit may take its time.
const READY_MS = 20_000;

/** start: makes the shell. It is made once it is known who asks. */
export function serveSiblings(start: (hidden: HiddenShell) => void): void {
  let from: string | undefined;
  let serving: Serving | undefined;
  window.addEventListener("message", ({ data, origin, source }: MessageEvent<ShellToSibling>) => {
    // Whoever else has this page in a frame gets no response.
    if (!source || !isSibling(new URL(origin), location) || (from ?? origin) !== origin) return;
    from = origin;
    serving ??= new Serving(origin, source as Window, start);
    serving.receive(data);
  });
  window.parent.postMessage({ p2claw: "here", beats: true } satisfies SiblingToShell, "*");
}

class Serving {
  private readonly ready: Promise<void>;
  private readonly releases = new Map<string, () => void>();
  private problem: string | undefined;
  private retry: (() => void) | undefined;

  constructor(
    private readonly from: string,
    private readonly asker: Window,
    start: (hidden: HiddenShell) => void,
  ) {
    this.ready = new Promise((resolve, reject) => {
      setTimeout(() => reject(new Refused("no-service-worker")), READY_MS);
      start({
        cross: !isSameBox(from, location.origin),
        ready: resolve,
        problem: (code, retry) => {
          this.problem = code;
          this.retry = retry;
          if (code === "no-service-worker" || code === "bypassed") reject(new Refused(code));
        },
      });
    });
    this.ready.catch(() => undefined);
  }

  receive(message: ShellToSibling): void {
    switch (message.p2claw) {
      case "ask":
        void this.ask(message, message.socket, message.embedder);
        return;
      case "over":
        this.over(message.socket);
        return;
      case "beat":
        this.post({ p2claw: "lives" });
        return;
      default:
        message satisfies never;
    }
  }

  private async ask(
    asked: SiblingAsk,
    pipe: MessagePort | undefined,
    embedder: string,
  ): Promise<void> {
    const { request, body, reply } = asked;
    const giving = new AbortController();
    reply.onmessage = () => giving.abort();
    const socket = pipe && (await this.hold(asked.request.url, pipe));
    try {
      await this.ready;
      if (this.problem !== undefined) setTimeout(() => this.retry?.(), 0);
      const sent = (id: string, bytes: number): void => this.post({ p2claw: "sent", id, bytes });
      const { signal } = giving;
      const crossing: Crossing = { from: this.from, embedder, request, body, socket, signal, sent };
      await give(crossing, reply);
    } catch (error) {
      reply.postMessage({ do: "error" });
      // Here, not sent: who asks could read it.
      if (!giving.signal.aborted) explain(request.url, error, this.problem);
    }
  }

  // The realm of a WebSocket is gone.
  private over(url: string): void {
    this.releases.get(url)?.();
    this.releases.delete(url);
  }

  private post(message: SiblingToShell): void {
    this.asker.postMessage(message, this.from);
  }

  // The channel worker takes a realm for gone whose lock is free: here it stands for the asker's.
  private async hold(url: string, pipe: MessagePort): Promise<string> {
    const id = socketId(crypto.randomUUID(), false, 1);
    await new Promise<void>((resolve) => {
      const held = (): Promise<void> => {
        resolve();
        return new Promise<void>((release) => this.releases.set(url, release));
      };
      navigator.locks.request(realmLock(id), held).catch(resolve);
    });
    ownShell().socket(id, pipe, location.href);
    return id;
  }
}

/** Respond on `reply`. Throws as `cross`. */
export async function give(crossing: Crossing, reply: MessagePort): Promise<void> {
  const response = await cross(crossing, ownShell());
  const over = (): void => reply.postMessage({ do: "over" } satisfies SiblingReply);
  const body =
    response.do === "response" && response.body ? poured(response.body, over) : undefined;
  reply.postMessage({ ...response, body }, body ? [body] : []);
}

/** Logs to the console why there is no response. */
export function explain(url: string, error: unknown, problem: string | undefined): void {
  const { origin } = new URL(url);
  const why =
    error instanceof Refused
      ? `a request to ${origin} was refused: ${error.message}`
      : `${origin} could not be reached (${problem ?? "no response"})`;
  console.error(`p2claw: ${why}.`);
}

function ownShell(): ShellApi {
  return Reflect.get(window, SHELL_PROPERTY) as ShellApi;
}
