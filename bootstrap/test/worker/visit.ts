// A link of the worker over a channel whose other end, the box, is the test's, on a clock that the test
// moves; and requests on it as the Service Worker makes them.

import { type TestContext, mock } from "node:test";
import type { PortRequest, RequestBody, WorkerReply } from "../../src/messages/sw-worker";
import { Code } from "../../src/wire/codes";
import { type Frame, FrameType, decodeMessage, encodeFrame } from "../../src/wire/frame";
import { concat, pack } from "../../src/wire/msgpack";
import { goawayPayload, receivedPayload, resetPayload } from "../../src/wire/payloads";
import { Session } from "../../src/wire/session";
import { Carrying } from "../../src/worker/carrying";
import { Dispatcher } from "../../src/worker/dispatcher";
import { Exchange } from "../../src/worker/exchange";
import { Link, type LinkOwner } from "../../src/worker/link";
import type { Source } from "../../src/worker/upload";

const encoder = new TextEncoder();

let nowMs = 1_000;
mock.method(performance, "now", () => nowMs);
mock.timers.enable({ apis: ["setTimeout", "setInterval"] });

export function pass(ms: number): void {
  nowMs += ms;
  mock.timers.tick(ms);
}

/** The box's end of one channel. */
export class BoxEnd {
  readonly frames: Frame[] = [];
  readyState = "open";
  bufferedAmount = 0;
  bufferedAmountLowThreshold = 0;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  onerror: (() => void) | null = null;
  onbufferedamountlow: (() => void) | null = null;

  send(message: Uint8Array): void {
    this.frames.push(...decodeMessage(message.slice()));
  }

  close(): void {
    this.readyState = "closed";
  }

  /** One message to the visitor, of these frames. */
  emit(...frames: Uint8Array[]): void {
    const { buffer } = concat(frames);
    this.onmessage?.({ data: buffer });
  }

  hello(): void {
    const token = Uint8Array.of(1, 2, 3, 4);
    const facts = { v: 1, min: 1, role: "box", window: 1_048_576, streams: 128 };
    const hello = pack({ ...facts, ext: ["websocket", "resume"], token });
    this.emit(encodeFrame(FrameType.HELLO, 0, 0, hello));
  }

  goaway(lastStream: number): void {
    this.emit(encodeFrame(FrameType.GOAWAY, 0, 0, goawayPayload(lastStream, Code.SHUTDOWN, "")));
  }

  /** It has so many messages of the session that this link is to carry on; undefined: it has no such session. */
  resumed(received: number | undefined): void {
    const payload = received === undefined ? new Uint8Array() : receivedPayload(received);
    this.emit(encodeFrame(FrameType.RESUMED, 0, 0, payload));
  }

  respond(stream: number, text: string): void {
    this.begin(stream);
    this.data(stream, text, true);
  }

  /** The head of a response whose rest can be asked for. */
  begin(stream: number): void {
    const head = pack({ s: 200, h: [["etag", '"1"']] });
    this.emit(encodeFrame(FrameType.RESPONSE, 0, stream, head));
  }

  data(stream: number, text: string, end: boolean): void {
    this.emit(encodeFrame(FrameType.DATA, Number(end), stream, encoder.encode(text)));
  }

  reset(stream: number, code: Code): void {
    this.emit(encodeFrame(FrameType.RESET, 0, stream, resetPayload(code, "")));
  }

  /** The streams of the frames of this type that have come. */
  streamsOf(type: number): number[] {
    return this.frames.filter((frame) => frame.type === type).map(({ stream }) => stream);
  }
}

/** What came of one request. */
export class Asked {
  readonly replies: WorkerReply[] = [];
  /** What the browser throws at the next reply. */
  fault: Error | undefined;

  receive(reply: WorkerReply): void {
    const { fault } = this;
    this.fault = undefined;
    if (fault) throw fault;
    this.replies.push(reply);
  }

  /** "whole", or the error's code; undefined: it has not settled. */
  get outcome(): string | undefined {
    const last = this.replies.at(-1);
    return last?.kind === "error" ? last.error : last?.kind === "end" ? "whole" : undefined;
  }
}

export class Visit {
  readonly dispatcher = new Dispatcher();
  readonly links: Link[] = [];
  /** Why those that are lost are. */
  readonly losses: Code[] = [];
  private readonly byId = new Map<number, Link>();
  private readonly carrying = new Carrying(
    this.byId,
    (link) => this.dispatcher.use(link),
    () => undefined,
  );

  constructor(t: TestContext) {
    t.after(() => {
      for (const link of this.links) link.drop(Code.NO_ERROR, "the test is over");
    });
  }

  /** One more link, to a box that has introduced itself. */
  async link(): Promise<BoxEnd> {
    const box = new BoxEnd();
    const owner: LinkOwner = {
      roomier: () => this.dispatcher.pump(),
      goaway: (link) => this.dispatcher.leave(link),
      lost: (link, code) => {
        this.losses.push(code);
        this.dispatcher.leave(link);
        this.carrying.lost(link);
      },
      suspect: (link) => {
        this.dispatcher.leave(link);
        this.carrying.suspect(link);
      },
      fine: (link) => {
        this.carrying.fine(link);
        this.dispatcher.use(link);
      },
      resumed: (link, received) => this.carrying.resumed(link, received),
      placed: () => undefined,
    };
    const [old, resumes] = this.carrying.next() ?? [];
    const session = new Session("dog", "test", undefined, resumes);
    const channel = box as unknown as RTCDataChannel;
    const link = new Link(this.links.length + 1, session, channel, owner);
    this.links.push(link);
    this.byId.set(link.id, link);
    if (old) this.carrying.begin(link, old);
    else this.dispatcher.use(link);
    await turn();
    box.hello();
    return box;
  }

  ask(method: string, source?: Source): Asked {
    const asked = new Asked();
    const port = {
      postMessage: (reply: WorkerReply) => asked.receive(reply),
      close: () => undefined,
      onmessage: null,
    };
    const request: PortRequest = {
      method,
      target: "/",
      fields: [],
      urgency: 3,
      body: (source as RequestBody | undefined) ?? { kind: "none" },
      anonymous: false,
      keep: false,
      cookie: "",
      wrote: 0,
      reply: port as unknown as MessagePort,
    };
    this.dispatcher.add(
      new Exchange(request, source, undefined, {
        accepted: () => false,
        again: (exchange) => this.dispatcher.add(exchange),
        over: (exchange) => this.dispatcher.remove(exchange),
        challenged: () => undefined,
        progress: () => undefined,
        noticed: () => undefined,
      }),
    );
    return asked;
  }
}

/** Once all that was begun has gone on as far as it can without time. */
export async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
