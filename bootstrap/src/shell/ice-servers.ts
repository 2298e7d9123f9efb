// The ICE servers of a visit before anybody has introduced it: the page was told them with its
// response, or the last visit to this host was. Source: docs/WIRE.md §12.

import { type IceServer, readIceServers } from "./signalling-messages";
import { readKept, writeKept } from "./pins";

const FIELD = /\bp2claw-ice;dur=(\d{1,12});desc="([\w-]*)"/;
const NAME = "p2claw-ice";
/** No alias has a space in it. */
const KEY = " ice";
// Where nothing ends they may change all the same.
const MOST_MS = 7 * 86_400_000;

export interface KnownIceServers {
  servers: IceServer[];
  untilMs: number; // of Date.now(): half of the time that credentials last
}

let newest: KnownIceServers | undefined;

/** undefined: the coordinator has to be asked first. */
export function knownIceServers(): Promise<IceServer[] | undefined> | IceServer[] | undefined {
  newest ??= ofPage();
  if (newest) return current(newest);
  return readKept(KEY).then(
    (kept) => (isKnown(kept) ? current(kept) : undefined),
    () => undefined,
  );
}

/** For this page's next attempts, and for the next visit. */
export function keepIceServers(known: KnownIceServers): void {
  newest = known;
  writeKept(KEY, known).catch(() => undefined);
}

/** In a field Server-Timing, as it was sent. */
export function iceServersIn(field: string): KnownIceServers | undefined {
  const [, lastsMs, told] = FIELD.exec(field) ?? [];
  return told === undefined ? undefined : known(Number(lastsMs), told, 0);
}

function ofPage(): KnownIceServers | undefined {
  const [page] = performance.getEntriesByType("navigation");
  const timings: unknown = page && Reflect.get(page, "serverTiming");
  if (!Array.isArray(timings)) return undefined;
  const told = (timings as PerformanceServerTiming[]).find(({ name }) => name === NAME);
  return told && known(told.duration, told.description, performance.now());
}

function known(lastsMs: number, told: string, ageMs: number): KnownIceServers | undefined {
  try {
    const text = atob(told.replaceAll("-", "+").replaceAll("_", "/"));
    const servers = readIceServers(JSON.parse(text));
    return { servers, untilMs: Date.now() - ageMs + (lastsMs ? lastsMs / 2 : MOST_MS) };
  } catch {
    return undefined;
  }
}

function current({ servers, untilMs }: KnownIceServers): IceServer[] | undefined {
  return Date.now() < untilMs ? servers : undefined;
}

function isKnown(value: unknown): value is KnownIceServers {
  return typeof value === "object" && value !== null && "servers" in value && "untilMs" in value;
}
