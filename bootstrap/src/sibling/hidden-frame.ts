// The hidden frame of one sibling, as who asks sees it: how it begins, and what it still owes.
// Nothing tells that a frame has crashed, was removed or led elsewhere: it is asked while it owes anything.

import { type ShellToSibling, type SiblingToShell, SIBLING_PATH } from "../messages/sibling";

// Of a frame that does not begin: the edge is away, or there is another site.
const HERE_MS = 15_000;
// So often it is asked, and so many times in turn it may not reply: its thread may be busy.
const BEAT_MS = 2_000;
const MOST_MISSED = 2;

export class HiddenFrame {
  /** Rejects where it does not begin. */
  readonly here: Promise<Window>;
  private readonly element: HTMLIFrameElement;
  private readonly owed = new Set<() => void>();
  private readonly listening = new AbortController();
  private beats = false;
  private missed = 0;
  private timer: ReturnType<typeof setInterval> | undefined;

  /** gone: called once, when it is of no more use. */
  constructor(
    private readonly holder: Window,
    private readonly origin: string,
    private readonly gone: () => void,
  ) {
    this.element = holder.document.createElement("iframe");
    this.here = new Promise((resolve, reject) => {
      const fail = (): void => reject(new Error("the hidden frame did not begin"));
      const { signal } = this.listening;
      const late = setTimeout(() => this.end(), HERE_MS);
      signal.addEventListener("abort", fail);
      const receive = ({ data, source }: MessageEvent<SiblingToShell | null>): void => {
        if (source !== this.element.contentWindow || data?.p2claw !== "here") return;
        clearTimeout(late);
        this.beats = data.beats === true;
        // It has loaded itself again: what it was asked before is forgotten.
        this.failAll();
        resolve(source as Window);
      };
      holder.addEventListener("message", receive, { signal });
    });
    this.element.src = origin + SIBLING_PATH;
    holder.document.body.append(this.element);
  }

  /** Whether there is a frame: not whether anybody replies in it. */
  get stands(): boolean {
    return this.element.isConnected && this.holder.top !== null;
  }

  /** failed: called if it is gone before what this returns was called. */
  owes(failed: () => void): () => void {
    this.owed.add(failed);
    this.missed = 0;
    this.timer ??= setInterval(() => this.beat(), BEAT_MS);
    return () => this.owed.delete(failed);
  }

  /** It has replied to a beat. */
  lives(): void {
    this.missed = 0;
  }

  end(): void {
    clearInterval(this.timer);
    this.listening.abort();
    this.element.remove();
    this.gone();
    this.failAll();
  }

  private beat(): void {
    if (!this.owed.size) {
      clearInterval(this.timer);
      this.timer = undefined;
    } else if (!this.stands || this.missed === MOST_MISSED) {
      this.end();
    } else if (this.beats) {
      this.missed += 1;
      const beat: ShellToSibling = { p2claw: "beat" };
      this.element.contentWindow?.postMessage(beat, this.origin);
    }
  }

  private failAll(): void {
    for (const failed of this.owed) {
      this.owed.delete(failed);
      failed();
    }
  }
}
