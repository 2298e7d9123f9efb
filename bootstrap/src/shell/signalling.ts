// One visit at the coordinator, by HTTP: our messages are posted, and the coordinator's come in the
// reply. So the visit uses the connection that brought the page, if there is one.
// Source: docs/WIRE.md §12.

import { keepHints, hintsIn } from "./hints";
import { type FromCoordinator, type ToCoordinator, readReply } from "./signalling-messages";

const CANDIDATES = 64;
// Candidates come one by one, several within a few milliseconds.
const TOGETHER_MS = 5;
// A STUN server mostly replies as soon as the coordinator does: the candidate goes with the next post,
// while the connection is free. Later messages go over another connection.
const GATHER_MS = 60;

export interface SignallingOwner {
  message(message: FromCoordinator): void;
  /** It could not be reached; or what came is not of the protocol. */
  failed(): void;
}

/** Which connections the next visit at the coordinator uses, in turn. */
export const turns = { next: 0 };

export class Signalling {
  private readonly turn = turns.next++;
  private readonly queue: ToCoordinator[] = [];
  private session: string | undefined;
  private candidates = 0;
  private flushing: ReturnType<typeof setTimeout> | undefined;
  private gathered: (() => void) | undefined;
  private isClosed = false;

  constructor(
    private readonly url: URL,
    private readonly owner: SignallingOwner,
  ) {}

  /** Once, and first. offer: undefined if the ICE servers must be known before it. */
  begin(offer: ToCoordinator | undefined): void {
    void this.run(offer ? [offer] : []).catch(() => this.fail());
  }

  send(message: ToCoordinator): void {
    if (message.t === "candidate") {
      if (++this.candidates > CANDIDATES) return;
      if (endsGathering(message)) this.gathered?.();
    }
    this.queue.push(message);
    if (message.t === "offer") this.flush();
    else this.flushing ??= setTimeout(() => this.flush(), TOGETHER_MS);
  }

  /** Nothing more is sent, and nothing more is read. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    if (this.session === undefined) turns.next = this.turn;
    clearTimeout(this.flushing);
    this.gathered?.();
    // The coordinator informs the box, and ends the reply that it holds back.
    if (this.session !== undefined) this.post([{ t: "end" }], false).catch(() => undefined);
  }

  private async run(first: ToCoordinator[]): Promise<void> {
    this.read(await this.ask(this.url, { messages: first }));
    if (first.length) await this.gathering();
    while (!this.isClosed && this.session !== undefined) {
      clearTimeout(this.flushing);
      this.flushing = undefined;
      this.read(await this.post(this.queue.splice(0), true));
    }
  }

  private gathering(): Promise<void> {
    if (this.queue.some(endsGathering)) return Promise.resolve();
    return new Promise((resolve) => {
      this.gathered = resolve;
      setTimeout(resolve, GATHER_MS);
    });
  }

  // Beside the post whose reply is held.
  private flush(): void {
    this.flushing = undefined;
    if (this.isClosed || this.session === undefined || !this.queue.length) return;
    this.post(this.queue.splice(0), false).then(
      (reply) => this.read(reply),
      () => this.fail(),
    );
  }

  private post(messages: ToCoordinator[], wait: boolean): Promise<Reply> {
    const { session } = this;
    return this.ask(new URL(`${this.url.pathname}/next`, this.url), { session, wait, messages });
  }

  // Two visits in turn share no connection: browsers keep those of requests without credentials
  // apart. The one that brought the page is dead where this machine has changed its address, and
  // Firefox does not notice for 5 s and more. Where no reply came, none is left that could be shared.
  private async ask(url: URL, body: object): Promise<Reply> {
    const init: RequestInit = {
      method: "POST",
      body: JSON.stringify(body),
      credentials: this.turn % 2 ? "omit" : "same-origin",
      keepalive: true, // the end of a visit is sent even if the page goes
      referrer: "", // it would name the path that the app is asked for
    };
    const reply = await fetch(url, init);
    if (!reply.ok) throw new Error(String(reply.status));
    const hints = hintsIn(reply.headers.get("server-timing") ?? "");
    return { messages: readReply(await reply.text()), hints };
  }

  private read({ messages, hints }: Reply): void {
    if (hints) keepHints(hints);
    for (const message of messages) {
      if (this.isClosed) return;
      if (message.t === "introduced") this.session = message.session;
      if (message.t === "error") this.session = undefined;
      this.owner.message(message);
    }
  }

  private fail(): void {
    if (this.isClosed) return;
    this.close();
    this.owner.failed();
  }
}

interface Reply {
  messages: FromCoordinator[];
  hints: ReturnType<typeof hintsIn>;
}

// A STUN server has replied, or none will.
function endsGathering(message: ToCoordinator): boolean {
  return (
    message.t === "candidate" && (!message.candidate || message.candidate.includes(" typ srflx"))
  );
}

/** The coordinator is on the page's own origin. */
export function visitUrl(location: URL, alias: string, app: string | undefined): URL {
  const query = new URLSearchParams({ v: "2", alias, ...(app === undefined ? {} : { app }) });
  return new URL(`/__p2claw/v1/visit?${query}`, location);
}
