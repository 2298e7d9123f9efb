// A timer for a deadline that mostly moves away: then it stays as it is, and its owner finds nothing to
// do when it fires.

export class Timer {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private atMs = 0; // when it fires

  constructor(private readonly act: () => void) {}

  /** at: in the time of performance.now(); undefined: there is no deadline. */
  set(atMs: number | undefined): void {
    if (atMs === undefined) return;
    if (this.timer !== undefined && this.atMs <= atMs) return;
    this.stop();
    this.atMs = atMs;
    this.timer = setTimeout(
      () => {
        this.timer = undefined;
        this.act();
      },
      Math.max(0, atMs - performance.now()),
    );
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}
