// Delivery of a session's messages, each once and in order, though its link is replaced by another.
// What was sent is kept until the box has acknowledged it. Source: docs/WIRE.md §15.

import { SessionFault } from "./faults";
import { FrameType, encodeFrame } from "./frame";
import { receivedPayload } from "./payloads";

const ACK_BYTES = 262_144; // received and not yet acknowledged: beyond it an acknowledgement goes at once
const ACK_AFTER_MS = 200; // the longest that a message waits for its acknowledgement
const KEPT_BYTES = 4_194_304; // sent and not yet acknowledged: beyond it nothing more is sent

export class Delivery {
  /** Messages that have come. */
  received = 0;
  private sent = 0;
  private on = true;
  private readonly kept: Uint8Array[] = [];
  private keptBytes = 0;
  private next = 0; // which of those kept is to be sent next on this link
  private unreportedBytes = 0;
  private dueMs: number | undefined;

  /**
   * quiet: nothing is acknowledged until `acknowledge`, for the box may still read a RECEIVED as one of
   * another session.
   */
  constructor(public quiet: boolean) {}

  get full(): boolean {
    return this.keptBytes >= KEPT_BYTES;
  }

  /** When something has to be acknowledged. */
  get deadline(): number | undefined {
    return this.quiet ? undefined : this.dueMs;
  }

  /** This is a session of its own: acknowledge what comes. */
  acknowledge(): void {
    this.quiet = false;
  }

  /** The box resumes no sessions: nothing is kept, and nothing acknowledged. */
  stop(): void {
    this.on = false;
    this.kept.length = this.keptBytes = this.next = 0;
    this.dueMs = undefined;
  }

  countReceived(bytes: number, nowMs: number): void {
    this.received += 1;
    if (!this.on) return;
    this.unreportedBytes += bytes;
    this.dueMs ??= nowMs + ACK_AFTER_MS;
  }

  keepSent(message: Uint8Array): void {
    this.sent += 1;
    if (!this.on) return;
    this.kept.push(message);
    this.keptBytes += message.length;
    this.next += 1;
  }

  /** The next message that has to be sent once more on this link. */
  again(): Uint8Array | undefined {
    return this.kept[this.next] && this.kept[this.next++];
  }

  /** The message that acknowledges what has come, if it is time for it. */
  acknowledgement(nowMs: number): Uint8Array | undefined {
    if (this.dueMs === undefined || this.quiet) return undefined;
    if (nowMs < this.dueMs && this.unreportedBytes < ACK_BYTES) return undefined;
    this.dueMs = undefined;
    this.unreportedBytes = 0;
    return encodeFrame(FrameType.RECEIVED, 0, 0, receivedPayload(this.received));
  }

  /** The box has received so many messages. Throws SessionFault if that cannot be. */
  acknowledged(count: number): void {
    if (!this.on) return;
    const done = count - (this.sent - this.kept.length);
    if (!(done >= 0 && done <= this.next)) {
      throw new SessionFault(`${count} messages acknowledged, of ${this.sent}`);
    }
    for (const message of this.kept.splice(0, done)) this.keptBytes -= message.length;
    this.next -= done;
  }

  /** Go on over another link; the box has received so many messages. Throws SessionFault. */
  resume(count: number): void {
    this.next = this.kept.length;
    this.acknowledged(count);
    this.next = 0;
    this.unreportedBytes = 0;
    this.dueMs = undefined;
  }
}
