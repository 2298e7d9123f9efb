// The text of an event stream, cut into events. Pure. Source: HTML §9.2.6.

export interface StreamEvent {
  type: string;
  data: string;
  lastEventId: string;
}

export class EventStreamParser {
  /** As it was after the last blank line. */
  lastEventId = "";
  private id = "";
  private pending = "";
  private data: string[] = [];
  private type = "";
  private start = true;

  constructor(
    lastEventId: string,
    private readonly onRetry: (ms: number) => void,
  ) {
    this.id = this.lastEventId = lastEventId;
  }

  /** The events that end in it, read on as they are consumed. */
  *push(text: string): Generator<StreamEvent, undefined> {
    this.pending += text;
    if (this.start && this.pending) {
      this.start = false;
      if (this.pending.startsWith("\ufeff")) this.pending = this.pending.slice(1);
    }
    for (;;) {
      const end = /\r\n|\n|\r/.exec(this.pending);
      // A CR at the very end may be half of a CRLF.
      if (!end || (end[0] === "\r" && end.index === this.pending.length - 1)) return;
      const line = this.pending.slice(0, end.index);
      this.pending = this.pending.slice(end.index + end[0].length);
      const event = line === "" ? this.dispatched() : this.line(line);
      if (event) yield event;
    }
  }

  private line(line: string): undefined {
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.data.push(value);
    else if (field === "event") this.type = value;
    else if (field === "id" && !value.includes("\0")) this.id = value;
    else if (field === "retry" && /^\d+$/.test(value)) this.onRetry(Number(value));
  }

  private dispatched(): StreamEvent | undefined {
    const { data, type, id } = this;
    this.lastEventId = id;
    this.data = [];
    this.type = "";
    if (!data.length) return undefined;
    return { type: type || "message", data: data.join("\n"), lastEventId: id };
  }
}
