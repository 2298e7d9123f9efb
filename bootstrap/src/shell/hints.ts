// What a visit knows before the coordinator has introduced it: ICE servers, and how the box is dialled.
// They came with the response of this page, or with an earlier visit to this host. Source: docs/WIRE.md §12, §16.

import { type Dialled, readDialled } from "./descriptor";
import { type IceServer, readIceServers } from "./signalling-messages";
import { readKept, writeKept } from "./pins";

const SERVERS = /\bp2claw-ice;dur=(\d+);desc="([\w-]*)"/;
const DIAL = /\bp2claw-dial;dur=0;desc="([\w-]+)"/;
/** No alias has a space in it. */
const KEY = " ice";
// Where nothing ends they may change all the same.
const MOST_MS = 7 * 86_400_000;
// For so long a box is not dialled again where nobody was.
const DEAD_MS = 600_000;

export interface Hints {
  servers: IceServer[];
  untilMs: number; // of Date.now(): half of the time that credentials last
  dial?: string | undefined; // as it came
  dead?: Dead | undefined;
}

/** A dial that led to nobody: to where, until when, and the visitor's own outer addresses. */
type Dead = [at: string, untilMs: number, from: string[]];

const from = new Set<string>();
let newest: Hints | undefined;

/** undefined: the coordinator has to be asked first. */
export async function knownIceServers(): Promise<IceServer[] | undefined> {
  const hints = await known();
  return hints && Date.now() < hints.untilMs ? hints.servers : undefined;
}

/** undefined: nothing is known, or it has expired, or it led to nobody a short while ago. */
export async function knownDial(): Promise<Dialled | undefined> {
  const { dial, dead: [at, untilMs] = ["", 0] } = (await known()) ?? {};
  if (!dial) return undefined;
  const nowMs = Date.now();
  const dialled = readDialled(Uint8Array.from(decoded(dial), codeOf), nowMs);
  // A clock that was set back makes nothing last longer.
  const isDead = nowMs < untilMs && untilMs <= nowMs + DEAD_MS;
  return isDead && at === wayOf(dialled) ? undefined : dialled;
}

/** The box was reached, and not by this dial. */
export function avoid(dialled: Dialled): void {
  if (newest) keepHints({ ...newest, dead: [wayOf(dialled), Date.now() + DEAD_MS, [...from]] });
}

/** STUN sees this visitor at an address. Another network than that of a dial may reach the box. */
export function seenFrom(address: string): void {
  from.add(address);
  const [, , before] = newest?.dead ?? [];
  if (newest && before?.length && !before.includes(address))
    keepHints({ ...newest, dead: undefined });
}

/** For this page's next attempts, and for the next visit. */
export function keepHints(hints: Hints): void {
  newest = { dead: newest?.dead, ...hints };
  writeKept(KEY, newest).catch(() => undefined);
}

/** In a field Server-Timing, as it was sent so long ago. */
export function hintsIn(field: string, ageMs = 0): Hints | undefined {
  const [, lasts, list] = SERVERS.exec(field) ?? [];
  if (list === undefined) return undefined;
  const lastsMs = Number(lasts);
  try {
    const servers = readIceServers(JSON.parse(decoded(list)));
    const untilMs = Date.now() - ageMs + (lastsMs ? lastsMs / 2 : MOST_MS);
    return { servers, untilMs, dial: DIAL.exec(field)?.[1] };
  } catch {
    return undefined;
  }
}

async function known(): Promise<Hints | undefined> {
  const found: unknown = newest ?? ofPage() ?? (await readKept(KEY).catch(() => undefined));
  if (areHints(found)) newest ??= found;
  return newest;
}

function ofPage(): Hints | undefined {
  const [page] = performance.getEntriesByType("navigation");
  const timings: unknown = page && Reflect.get(page, "serverTiming");
  if (!Array.isArray(timings)) return undefined;
  const field = (timings as PerformanceServerTiming[])
    .map(({ name, duration, description }) => `${name};dur=${duration};desc="${description}"`)
    .join();
  const hints = hintsIn(field, performance.now());
  if (hints) keepHints(hints);
  return hints;
}

function wayOf(dialled: Dialled | undefined): string {
  // A box that was started again is silent to old tickets, and has another certificate.
  return String([dialled?.descriptor.addresses, dialled?.descriptor.fingerprint]);
}

function decoded(text: string): string {
  return atob(text.replaceAll("-", "+").replaceAll("_", "/"));
}

function codeOf(character: string): number {
  return character.charCodeAt(0);
}

function areHints(value: unknown): value is Hints {
  return typeof value === "object" && value !== null && "servers" in value && "untilMs" in value;
}
