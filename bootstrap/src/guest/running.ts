// One version of a guest, as it runs in this tab: a worker, and the ports to it.

import type {
  GuestFacts,
  GuestRegistration,
  GuestToHost,
  GuestVersion,
  HostToGuest,
} from "../messages/guest";

const READY_MS = 20_000;
// As long as browsers give one: install and activate end by themselves.
const EVENT_MS = 300_000;

/** What a version may ask of its shell. */
export type Wish = Exclude<GuestToHost["do"], "ready" | "done">;

export class Running {
  private readonly worker: Worker;
  private readonly port: MessagePort;
  private readonly over = new Map<string, (well: boolean) => void>();
  private wanted: ((facts: { fetches: boolean }) => void) | undefined;
  /** Its script has run. Rejects where it threw, or could not be had. */
  readonly ready: Promise<{ fetches: boolean }>;

  constructor(
    registration: GuestRegistration,
    readonly version: GuestVersion,
    private readonly onWish: (wish: Wish) => void,
  ) {
    const { scope, type } = registration;
    const { id, script, state } = version;
    const facts: GuestFacts = { id, scope, script, active: state === "activated" };
    this.worker = new Worker(script, { name: JSON.stringify(facts), type });
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    this.ready = new Promise((resolve, reject) => {
      this.wanted = resolve;
      const fail = (): void => reject(new Error("its script failed"));
      setTimeout(fail, READY_MS);
      this.worker.onerror = fail;
      port1.onmessage = ({ data }: MessageEvent<GuestToHost>) => this.receive(data, fail);
    });
    this.ready.catch(() => undefined);
    this.worker.postMessage(null, [port2]);
    this.post({ do: "registration", registration });
  }

  post(message: HostToGuest, given: Transferable[] = []): void {
    this.port.postMessage(message, given);
  }

  /** Dispatch the event, and wait for all that it waits for. */
  dispatch(event: "install" | "activate"): Promise<boolean> {
    return new Promise((resolve) => {
      this.over.set(event, resolve);
      setTimeout(() => resolve(false), EVENT_MS);
      this.post({ do: event });
    });
  }

  stop(): void {
    this.worker.terminate();
  }

  private receive(message: GuestToHost, fail: () => void): void {
    switch (message.do) {
      case "ready":
        if (message.failed) fail();
        else this.wanted?.(message);
        return;
      case "done":
        this.over.get(message.of)?.(message.well);
        return;
      case "skip-waiting":
      case "claim":
      case "unregister":
      case "update":
        this.onWish(message.do);
        return;
      default:
        message satisfies never;
    }
  }
}
