// The worker of a shell, and its attempts at a link. The first one may begin before the rest of the
// shell is here: what it and the worker say meanwhile is kept.

import type { ShellToWorker, WorkerToShell } from "../messages/worker-shell";
import { Attempt, type AttemptOwner, type Target } from "./attempt";
import { Dial } from "./dial";
import { knownDial } from "./told";

/** The number of the first attempt: the worker tells its links by them. */
export const FIRST = 1;

export class Beginning {
  private made: Worker | undefined;
  private readonly heard: WorkerToShell[] = [];
  private early: Attempt | Dial | undefined;
  private owner: AttemptOwner | undefined;
  private readonly said: ((owner: AttemptOwner) => void)[] = [];

  constructor(
    readonly target: Target,
    private readonly app: string,
  ) {}

  get worker(): Worker {
    if (!this.made) {
      this.made = new Worker(__WORKER_URL__);
      this.made.onmessage = ({ data }: MessageEvent<WorkerToShell>) => this.heard.push(data);
    }
    return this.made;
  }

  /** Begin with the first attempt; resolves once its offer is on its way, or it dials. */
  async start(): Promise<void> {
    const dialled = await knownDial();
    await new Promise<void>((resolve) => {
      const say = (word: (owner: AttemptOwner) => void): void => {
        if (this.owner) word(this.owner);
        else this.said.push(word);
      };
      const owner: AttemptOwner = {
        introduced: () => say((owner) => owner.introduced()),
        answered: () => say((owner) => owner.answered()),
        relayAtHand: () => say((owner) => owner.relayAtHand()),
        refused: (refusal) => say((owner) => owner.refused(refusal)),
        failed: (reached) => say((owner) => owner.failed(reached)),
        doubtful: () => say((owner) => owner.doubtful()),
        incapable: () => say((owner) => owner.incapable()),
        offered: resolve,
        transfer: (channel) => this.transfer(FIRST, channel),
      };
      this.early = dialled
        ? new Dial(dialled, this.target, owner)
        : new Attempt(FIRST, this.target, owner);
    });
  }

  /** The attempt of this number: the first one may be under way. */
  attempt(id: number, owner: Omit<AttemptOwner, "transfer" | "offered">): Attempt | Dial {
    const whole: AttemptOwner = {
      ...owner,
      offered: () => undefined,
      transfer: (channel) => this.transfer(id, channel),
    };
    if (id !== FIRST || !this.early) return new Attempt(id, this.target, whole);
    this.owner = whole;
    return this.early;
  }

  /**
   * What the worker says from now on; and what was said meanwhile, by the first attempt before the
   * worker. Called once that attempt is known.
   */
  hear(told: (message: WorkerToShell) => void): void {
    const { owner } = this;
    this.worker.onmessage = ({ data }: MessageEvent<WorkerToShell>) => told(data);
    if (owner) for (const word of this.said.splice(0)) word(owner);
    for (const message of this.heard.splice(0)) told(message);
  }

  private transfer(link: number, channel: RTCDataChannel): void {
    const message: ShellToWorker = { kind: "link", link, channel, app: this.app };
    this.worker.postMessage(message, [channel as unknown as Transferable]);
  }
}
