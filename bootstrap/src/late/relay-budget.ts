// Whether the box of this host may be relayed, as the coordinator said when it was asked last.
// Source: docs/WIRE.md §12, p2claw-relay.

const VISIT = "/__p2claw/v1/visit";

/** Read from the fields Server-Timing of the page and of the visits that it has begun. */
export function hasRelay(): boolean {
  const asked = performance
    .getEntries()
    .filter((entry) => isPage(entry) || new URL(entry.name, location.href).pathname === VISIT)
    .at(-1);
  const metrics: unknown = asked && Reflect.get(asked, "serverTiming");
  if (!Array.isArray(metrics)) return true;
  return !(metrics as PerformanceServerTiming[]).some(({ name }) => name === "p2claw-relay");
}

function isPage(entry: PerformanceEntry): boolean {
  return entry.entryType === "navigation";
}
