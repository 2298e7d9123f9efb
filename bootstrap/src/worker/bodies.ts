// Bodies that pages handed over by reference, until the request that names them comes.

const KEPT = 256; // the oldest is forgotten at the limit: its request fails
const WAIT_MS = 5_000; // the two ways here are not ordered

export class Bodies {
  private readonly kept = new Map<string, Blob>();
  private readonly waiting = new Map<string, (blob: Blob) => void>();

  add(id: string, body: Blob): void {
    this.waiting.get(id)?.(body);
    const [oldest] = this.kept.keys();
    if (this.kept.size >= KEPT && oldest !== undefined) this.kept.delete(oldest);
    this.kept.set(id, body);
  }

  /** The request that named it is over. */
  drop(id: string): void {
    this.kept.delete(id);
  }

  /** The body of an id; undefined if none comes in time. A redirect asks for it again. */
  async get(id: string): Promise<Blob | undefined> {
    const body = this.kept.get(id);
    if (body) return body;
    return new Promise((resolve) => {
      const timer = setTimeout(() => done(undefined), WAIT_MS);
      const done = (blob: Blob | undefined): void => {
        clearTimeout(timer);
        this.waiting.delete(id);
        resolve(blob);
      };
      this.waiting.set(id, done);
    });
  }
}

export const bodies = new Bodies();
