// Whole sessions, step by step as tests/vectors/README.md describes them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Code } from "../../src/wire/codes";
import type { SessionEvent } from "../../src/wire/events";
import { LocalFault } from "../../src/wire/faults";
import { type Frame, decodeMessage, encodeFrame } from "../../src/wire/frame";
import type { Fields, RequestHead } from "../../src/wire/heads";
import { type Packed, unpack } from "../../src/wire/msgpack";
import { Room } from "../../src/wire/room";
import { Session } from "../../src/wire/session";
import { type Hex, bytes, hex, read } from "../vectors";

type CodeName = keyof typeof Code;
type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

interface FrameVector {
  type: number;
  flags: number;
  stream: number;
  payload?: Hex;
  packed?: Json;
  begins?: string;
  save?: string;
}

type Step =
  | {
      do: "receive";
      message: Hex | { type: number; flags: number; stream: number; saved: string };
      now: number;
    }
  | { do: "open_request"; head: RequestHead; end: boolean; returns?: number; raises?: string }
  | { do: "open_many"; count: number }
  | { do: "send_data"; stream: number; data: Hex; end: boolean; raises?: string }
  | { do: "send_trailers"; stream: number; fields: Fields }
  | { do: "consumed"; stream: number; n: number; now?: number }
  | { do: "reset"; stream: number; code: CodeName; reason: string }
  | { do: "resume"; received: number; now: number }
  | { do: "goaway"; code: CodeName; reason: string }
  | { do: "timeout"; now: number }
  | { do: "drain_events" }
  | { do: "send_once"; message: FrameVector[]; now: number }
  | { do?: undefined; expect: "events"; events: { [key: string]: Json }[] }
  | { do?: undefined; expect: "sends"; messages: FrameVector[][]; now: number; room?: boolean }
  | { do?: undefined; expect: "timeout"; at: number | null }
  | { do?: undefined; expect: "open_streams"; count: number };

interface Transcript {
  name: string;
  role: "visitor" | "box";
  app: string;
  software: string;
  limits: { visitor_window_bytes?: number };
  steps: Step[];
}

const { transcripts } = read<{ transcripts: Transcript[] }>("session");

for (const transcript of transcripts.filter(({ role }) => role === "visitor")) {
  // A shell has no trailers to send: browsers give a page no way to make any.
  const sendsTrailers = transcript.steps.some((step) => step.do === "send_trailers");
  if (!sendsTrailers) test(transcript.name, () => new Play(transcript).run());
}

class Play {
  private readonly session: Session;
  private readonly saved = new Map<string, Uint8Array>();
  private nowMs = 0;

  constructor(private readonly transcript: Transcript) {
    const { app, software, limits } = transcript;
    this.session = new Session(app, software, limits.visitor_window_bytes);
    this.session.grow(new Room());
  }

  run(): void {
    for (const step of this.transcript.steps) this.step(step);
  }

  private step(step: Step): void {
    const { session } = this;
    switch (step.do) {
      case "receive":
        session.receive(this.message(step.message), this.at(step.now));
        return;
      case "open_request":
        if (step.raises !== undefined) {
          assert.throws(() => session.openRequest(step.head, step.end), isLocal(step.raises));
        } else {
          assert.equal(session.openRequest(step.head, step.end), step.returns);
        }
        return;
      case "open_many":
        for (let i = 0; i < step.count; i++) {
          session.openRequest({ method: "GET", target: "/", fields: [], urgency: 3 }, true);
        }
        return;
      case "send_data":
        // Where Python raises, this says false: nobody waits for an upload that is not wanted.
        assert.equal(
          session.sendData(step.stream, bytes(step.data), step.end),
          step.raises === undefined,
        );
        return;
      case "send_trailers":
        assert.fail("a visitor here sends none");
        return;
      case "consumed":
        session.consumed(
          step.stream,
          step.n,
          step.now === undefined ? undefined : this.at(step.now),
        );
        return;
      case "reset":
        session.reset(step.stream, Code[step.code], step.reason);
        return;
      case "goaway":
        session.goaway(Code[step.code], step.reason);
        return;
      case "resume":
        session.resume(step.received, this.at(step.now));
        return;
      case "timeout":
        session.handleTimeout(this.at(step.now));
        return;
      case "drain_events":
        while (session.nextEvent());
        return;
      case "send_once":
        this.sent(session.toSend(this.at(step.now)), step.message);
        return;
      case undefined:
        this.expect(step);
        return;
      default:
        step satisfies never;
    }
  }

  private expect(step: Extract<Step, { expect: string }>): void {
    const { session } = this;
    switch (step.expect) {
      case "events":
        for (const wanted of step.events) {
          const event = session.nextEvent();
          assert.ok(event, `no event, but ${JSON.stringify(wanted)}`);
          const seen = eventVector(event);
          if (!("reason" in wanted)) delete seen["reason"];
          assert.deepEqual(seen, normal(wanted));
        }
        assert.equal(session.nextEvent(), undefined);
        return;
      case "sends":
        for (const message of step.messages) {
          this.sent(session.toSend(this.at(step.now), step.room), message);
        }
        assert.equal(session.toSend(this.nowMs, step.room), undefined);
        return;
      case "timeout":
        assert.equal(session.nextTimeout(), step.at === null ? undefined : step.at * 1_000);
        return;
      case "open_streams":
        assert.equal(session.openStreams, step.count);
        return;
      default:
        step satisfies never;
    }
  }

  private sent(message: Uint8Array | undefined, wanted: FrameVector[]): void {
    assert.ok(message, "nothing was sent");
    const frames = decodeMessage(message);
    assert.equal(
      frames.length,
      wanted.length,
      `sent ${JSON.stringify(frames.map(({ type }) => type))}`,
    );
    for (const [i, frame] of frames.entries()) this.sentFrame(frame, wanted[i] ?? assert.fail());
  }

  private sentFrame(frame: Frame, wanted: FrameVector): void {
    const { type, flags, stream } = wanted;
    assert.deepEqual([frame.type, frame.flags, frame.stream], [type, flags, stream]);
    if (wanted.payload !== undefined) assert.equal(hex(frame.payload), hex(bytes(wanted.payload)));
    if (wanted.packed !== undefined) assert.deepEqual(plain(unpack(frame.payload)), wanted.packed);
    if (wanted.begins !== undefined) assert.ok(hex(frame.payload).startsWith(wanted.begins));
    if (wanted.save !== undefined) this.saved.set(wanted.save, frame.payload.slice());
  }

  private message(message: Extract<Step, { do: "receive" }>["message"]): Uint8Array {
    if (typeof message === "string" || Array.isArray(message)) return bytes(message);
    const payload = this.saved.get(message.saved) ?? assert.fail();
    return encodeFrame(message.type, message.flags, message.stream, payload);
  }

  private at(now: number): number {
    this.nowMs = now * 1_000;
    return this.nowMs;
  }
}

function isLocal(reason: string): (error: unknown) => boolean {
  return (error) => error instanceof LocalFault && error.reason === reason;
}

// An event in the words of the vectors.
function eventVector(event: SessionEvent): { [key: string]: Json } {
  const codeName = (code: Code): string =>
    Object.keys(Code)[Object.values(Code).indexOf(code)] ?? "";
  switch (event.kind) {
    case "hello": {
      const { version, oldest, software, windowBytes, streams, extensions } = event.hello;
      const { token, place = null } = event.hello;
      const hello = {
        role: "box",
        app: "",
        version,
        oldest,
        software,
        window_bytes: windowBytes,
        streams,
        extensions,
        token: hex(token),
        received: 0,
        place,
      };
      return { kind: "hello", hello };
    }
    case "response": {
      const { status, fields, error } = event.head;
      const head = { status, fields: fields.map((field) => [...field]), error };
      return { kind: "response", stream: event.stream, head, end: event.end };
    }
    case "data":
      return { kind: "data", stream: event.stream, data: hex(event.data), end: event.end };
    case "trailers":
      return {
        kind: "trailers",
        stream: event.stream,
        fields: event.fields.map((field) => [...field]),
      };
    case "reset":
      return {
        kind: "reset",
        stream: event.stream,
        code: codeName(event.code),
        reason: event.reason,
      };
    case "writable":
    case "closed":
      return { kind: event.kind, stream: event.stream };
    case "pong":
      return { kind: "pong", rtt_s: event.rttMs / 1_000 };
    case "resumed":
      return { kind: "resumed", received: event.received ?? null };
    case "goaway":
      return {
        kind: "goaway",
        last_stream: event.lastStream,
        code: codeName(event.code),
        reason: event.reason,
      };
    case "failed":
      return { kind: "failed", code: codeName(event.code), reason: event.reason };
    default:
      return event satisfies never;
  }
}

function normal(wanted: { [key: string]: Json }): { [key: string]: Json } {
  const { data } = wanted;
  return data === undefined ? wanted : { ...wanted, data: hex(bytes(data as Hex)) };
}

function plain(value: Packed): Json {
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]));
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Uint8Array) return hex(value);
  return typeof value === "object" ? null : value;
}
