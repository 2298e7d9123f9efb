// What a visit is told before anybody has introduced it: ICE servers, and how the box is dialled. The
// page was told with its response, or the last visit to this host was. Source: docs/WIRE.md §12, §16.

import { type Dialled, readDialled } from "./descriptor";
import { type IceServer, readIceServers } from "./signalling-messages";
import { readKept, writeKept } from "./pins";

const SERVERS = /\bp2claw-ice;dur=(\d{1,12});desc="([\w-]*)"/;
const DIAL = /\bp2claw-dial;dur=0;desc="([\w-]+)"/;
/** No alias has a space in it. */
const KEY = " ice";
// Where nothing ends they may change all the same.
const MOST_MS = 7 * 86_400_000;

export interface Told {
  servers: IceServer[];
  untilMs: number; // of Date.now(): half of the time that credentials last
  dial?: string | undefined; // as it was told
}

let newest: Told | undefined;

/** undefined: the coordinator has to be asked first. */
export async function knownIceServers(): Promise<IceServer[] | undefined> {
  const told = await known();
  return told && Date.now() < told.untilMs ? told.servers : undefined;
}

/** undefined: nothing is known, or it has expired. */
export async function knownDial(): Promise<Dialled | undefined> {
  const dial = (await known())?.dial;
  return dial ? readDialled(Uint8Array.from(decoded(dial), codeOf), Date.now()) : undefined;
}

/** For this page's next attempts, and for the next visit. */
export function keepTold(told: Told): void {
  newest = told;
  writeKept(KEY, told).catch(() => undefined);
}

/** In a field Server-Timing, as it was sent so long ago. */
export function toldIn(field: string, ageMs = 0): Told | undefined {
  const [, lasts, told] = SERVERS.exec(field) ?? [];
  if (told === undefined) return undefined;
  const lastsMs = Number(lasts);
  try {
    const servers = readIceServers(JSON.parse(decoded(told)));
    const untilMs = Date.now() - ageMs + (lastsMs ? lastsMs / 2 : MOST_MS);
    return { servers, untilMs, dial: DIAL.exec(field)?.[1] };
  } catch {
    return undefined;
  }
}

async function known(): Promise<Told | undefined> {
  const found: unknown = newest ?? ofPage() ?? (await readKept(KEY).catch(() => undefined));
  if (isTold(found)) newest ??= found;
  return newest;
}

function ofPage(): Told | undefined {
  const [page] = performance.getEntriesByType("navigation");
  const timings: unknown = page && Reflect.get(page, "serverTiming");
  if (!Array.isArray(timings)) return undefined;
  const field = (timings as PerformanceServerTiming[])
    .map(({ name, duration, description }) => `${name};dur=${duration};desc="${description}"`)
    .join();
  const told = toldIn(field, performance.now());
  if (told) keepTold(told);
  return told;
}

function decoded(text: string): string {
  return atob(text.replaceAll("-", "+").replaceAll("_", "/"));
}

function codeOf(character: string): number {
  return character.charCodeAt(0);
}

function isTold(value: unknown): value is Told {
  return typeof value === "object" && value !== null && "servers" in value && "untilMs" in value;
}
