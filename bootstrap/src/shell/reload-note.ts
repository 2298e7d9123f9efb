// When the tab was last reloaded for a newer shell: kept from one document of the tab for the next, so
// that it is not done again and again.

const NOTE = "p2claw.reloaded";
const RECENT_MS = 300_000;

export function noteReload(): void {
  sessionStorage.setItem(NOTE, String(Date.now()));
}

/** When, 0 for never. The note is removed: the storage is the app's. */
export function takeReload(): number {
  try {
    const lastMs = Number(sessionStorage.getItem(NOTE));
    sessionStorage.removeItem(NOTE);
    return lastMs;
  } catch {
    return 0; // no storage here
  }
}

export function isRecent(lastMs: number): boolean {
  return Date.now() - lastMs < RECENT_MS;
}
