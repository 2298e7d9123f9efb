// The worker of a shell, and its attempts at a link. The first attempt may begin before the rest of the
// shell is here: its events, and the worker's messages, are kept until then.

import type { ShellToWorker, WorkerToShell } from "../messages/worker-shell";
import { Attempt, type AttemptOwner, type Target } from "./attempt";
import { Dial } from "./dial";
import { knownDial } from "./hints";

// What is done here, for every attempt.
type Given = "transfer" | "trusted" | "offered";

/** The number of the first attempt: the worker names its links by these numbers. */
export const FIRST = 1;

export class Beginning {
  private made: Worker | undefined;
  private readonly messages: WorkerToShell[] = [];
  private early: Attempt | Dial | undefined;
  private owner: AttemptOwner | undefined;
  private readonly events: ((owner: AttemptOwner) => void)[] = [];

  constructor(
    readonly target: Target,
    private readonly app: string,
  ) {}

  get worker(): Worker {
    if (!this.made) {
      this.made = new Worker(__WORKER_URL__);
      this.made.onmessage = ({ data }: MessageEvent<WorkerToShell>) => this.messages.push(data);
    }
    return this.made;
  }

  /** Begin with the first attempt; resolves once its offer is on its way, or it dials. */
  async start(): Promise<void> {
    const dialled = await knownDial();
    await new Promise<void>((resolve) => {
      const emit = (event: (owner: AttemptOwner) => void): void => {
        if (this.owner) event(this.owner);
        else this.events.push(event);
      };
      const owner: AttemptOwner = {
        introduced: () => emit((owner) => owner.introduced()),
        answered: () => emit((owner) => owner.answered()),
        relayAtHand: () => emit((owner) => owner.relayAtHand()),
        reached: () => emit((owner) => owner.reached()),
        refused: (refusal) => emit((owner) => owner.refused(refusal)),
        failed: (reached) => emit((owner) => owner.failed(reached)),
        doubtful: () => emit((owner) => owner.doubtful()),
        incapable: () => emit((owner) => owner.incapable()),
        offered: resolve,
        transfer: (channel, held) => this.transfer(FIRST, channel, held),
        trusted: () => this.post({ kind: "trusted", link: FIRST }),
      };
      this.early = dialled
        ? new Dial(dialled, this.target, owner)
        : new Attempt(this.target, owner);
    });
  }

  /** The attempt of this number: the first one may be under way. */
  attempt(id: number, owner: Omit<AttemptOwner, Given>): Attempt | Dial {
    const whole: AttemptOwner = {
      ...owner,
      offered: () => undefined,
      transfer: (channel) => this.transfer(id, channel),
      trusted: () => undefined,
    };
    if (id !== FIRST || !this.early) return new Attempt(this.target, whole);
    this.owner = whole;
    return this.early;
  }

  /**
   * What the worker says from now on; and what was said meanwhile, by the first attempt before the
   * worker. Called once that attempt is known.
   */
  listen(read: (message: WorkerToShell) => void): void {
    const { owner } = this;
    this.worker.onmessage = ({ data }: MessageEvent<WorkerToShell>) => read(data);
    if (owner) for (const event of this.events.splice(0)) event(owner);
    for (const message of this.messages.splice(0)) read(message);
  }

  private transfer(link: number, channel: RTCDataChannel, held = false): void {
    this.post(
      { kind: "link", link, channel, app: this.app, held },
      channel as unknown as Transferable,
    );
  }

  private post(message: ShellToWorker, ...transferred: Transferable[]): void {
    this.worker.postMessage(message, transferred);
  }
}
