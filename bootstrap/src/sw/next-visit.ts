// What a page announced of the navigation that it is about to make, until that comes: the browser itself
// passes nothing of the kind on. Used for forms, so that they make no history entry of the frame's own and
// their files are never read by us, and for files to be saved.

const KEPT = 16; // the oldest is forgotten at the limit
const WAIT_MS = 60_000;

export class NextVisit<T> {
  private readonly waiting = new Map<string, { facts: T; untilMs: number }>();

  /** Of the next navigation to this URL. */
  add(url: string, facts: T): void {
    this.waiting.delete(url);
    const [oldest] = this.waiting.keys();
    if (this.waiting.size >= KEPT && oldest !== undefined) this.waiting.delete(oldest);
    this.waiting.set(url, { facts, untilMs: Date.now() + WAIT_MS });
  }

  take(url: string): T | undefined {
    const entry = this.waiting.get(url);
    this.waiting.delete(url);
    return entry && Date.now() < entry.untilMs ? entry.facts : undefined;
  }
}
