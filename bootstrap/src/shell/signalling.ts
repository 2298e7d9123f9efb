// One WebSocket to the coordinator, for one introduction.

import { type FromCoordinator, type ToCoordinator, decodeSignalling } from "./signalling-messages";

// docs/WIRE.md §12
const CANDIDATES = 64;

export interface SignallingOwner {
  message(message: FromCoordinator): void;
  /** It closed or could not be opened; or what came is not of the protocol. */
  failed(): void;
}

export class Signalling {
  private readonly socket: WebSocket;
  private candidates = 0;

  constructor(
    url: string,
    private readonly owner: SignallingOwner,
  ) {
    this.socket = new WebSocket(url);
    this.socket.onmessage = ({ data }: MessageEvent<unknown>) => this.receive(data);
    this.socket.onclose = this.socket.onerror = () => this.fail();
  }

  send(message: ToCoordinator): void {
    if (message.t === "candidate" && ++this.candidates > CANDIDATES) return;
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  /** Nothing more is told, and nothing more is heard. */
  close(): void {
    this.socket.onmessage = this.socket.onclose = this.socket.onerror = null;
    this.send({ t: "end" });
    this.socket.close();
  }

  private receive(data: unknown): void {
    let message: FromCoordinator | undefined;
    try {
      message = decodeSignalling(data);
    } catch {
      this.fail();
      return;
    }
    if (message) this.owner.message(message);
  }

  private fail(): void {
    this.close();
    this.owner.failed();
  }
}

/** The coordinator is on the page's own origin. */
export function visitUrl(location: URL, alias: string, app: string | undefined): string {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const query = new URLSearchParams({ v: "1", alias, ...(app === undefined ? {} : { app }) });
  return `${scheme}://${location.host}/__p2claw/v1/visit?${query}`;
}
