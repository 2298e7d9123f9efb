// The text of an event stream, cut into events. Pure. Source: HTML §9.2.6.

export interface StreamEvent {
  type: string;
  data: string;
  lastEventId: string;
}

export class EventStreamParser {
  lastEventId = "";
  private pending = "";
  private data: string[] = [];
  private type = "";
  private start = true;

  constructor(
    private readonly onEvent: (event: StreamEvent) => void,
    private readonly onRetry: (ms: number) => void,
  ) {}

  push(text: string): void {
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
      this.line(line);
    }
  }

  private line(line: string): void {
    if (line === "") {
      this.dispatch();
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.data.push(value);
    else if (field === "event") this.type = value;
    else if (field === "id" && !value.includes("\0")) this.lastEventId = value;
    else if (field === "retry" && /^\d+$/.test(value)) this.onRetry(Number(value));
  }

  private dispatch(): void {
    const { data, type } = this;
    this.data = [];
    this.type = "";
    if (!data.length) return;
    this.onEvent({ type: type || "message", data: data.join("\n"), lastEventId: this.lastEventId });
  }
}
