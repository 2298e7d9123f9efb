// Which region's relays are near: measured once in each network, where the coordinator has asked. The page
// has long been shown then; what is found is for the next visit. Source: docs/WIRE.md §12, p2claw-measure.

import { hintsIn } from "../shell/hints";
import { readKept, writeKept } from "../shell/pins";
import { type IceServer, readIceServers } from "../shell/signalling-messages";

const VISIT = "/__p2claw/v1/visit";
const HINTS = " ice";
const MEASURED = " near";

// The page's own requests come first.
const LATER_MS = 5_000;
// Addresses are lent after two round trips by UDP and three by TCP.
const MOST_MS = 3_000;
// The first time, names are looked up too.
const ROUNDS = 2;
// A coordinator that asks again and again is not replied to more often.
const APART_MS = 600_000;

let begun = false;

/** Once for each page. */
export function measureNear(): void {
  if (begun) return;
  begun = true;
  setTimeout(() => void measure().catch(() => undefined), LATER_MS);
}

async function measure(): Promise<void> {
  const asked = lastAsked();
  const regions = asked && regionsIn(asked.serverTiming);
  if (!regions) return;
  const before = await readKept(MEASURED);
  const nowMs = Date.now();
  if (typeof before === "number" && before <= nowMs && nowMs < before + APART_MS) return;
  await writeKept(MEASURED, nowMs);
  const tookMs = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round += 1) {
    // Together: what is compared had the same moment.
    await Promise.all(
      [...regions].map(async ([region, server]) => {
        const ms = await lendsAfterMs(server);
        tookMs.set(region, Math.min(ms, tookMs.get(region) ?? Infinity));
      }),
    );
  }
  const found = [...tookMs].filter(([, ms]) => ms < Infinity).sort(([, a], [, b]) => a - b);
  if (found.length) await tell(new URL(asked.name), found.map(([region]) => region).join("~"));
}

function lastAsked(): PerformanceResourceTiming | undefined {
  return (performance.getEntriesByType("resource") as PerformanceResourceTiming[])
    .filter(({ name }) => new URL(name).pathname === VISIT)
    .at(-1);
}

// The relays of the visit have the same credentials.
function regionsIn(
  timings: readonly PerformanceServerTiming[],
): Map<string, IceServer> | undefined {
  const of = (wanted: string): unknown => {
    const text = timings.find(({ name }) => name === wanted)?.description;
    return text && JSON.parse(atob(text.replaceAll("-", "+").replaceAll("_", "/")));
  };
  const regions = of("p2claw-measure");
  if (typeof regions !== "object" || !regions) return undefined;
  const lent = readIceServers(of("p2claw-ice")).find(({ credential }) => credential);
  if (!lent) return undefined;
  return new Map(
    Object.entries(regions).map(([region, urls]) => {
      const [server] = readIceServers([{ ...lent, urls: urls as unknown }]);
      return [region, server ?? lent];
    }),
  );
}

/** Infinity: none in time. */
async function lendsAfterMs(server: IceServer): Promise<number> {
  const peer = new RTCPeerConnection({ iceServers: [server], iceTransportPolicy: "relay" });
  try {
    peer.createDataChannel("");
    const offer = await peer.createOffer();
    const beganMs = performance.now();
    return await new Promise((resolve) => {
      peer.onicecandidate = ({ candidate }) =>
        candidate?.type === "relay" && resolve(performance.now() - beganMs);
      setTimeout(() => resolve(Infinity), MOST_MS);
      peer.setLocalDescription(offer).catch(() => resolve(Infinity));
    });
  } finally {
    peer.close();
  }
}

// The next visit has the relays of the reply before it asks the coordinator.
async function tell(visit: URL, near: string): Promise<void> {
  const url = new URL(`${VISIT}/near`, visit);
  url.searchParams.set("alias", visit.searchParams.get("alias") ?? "");
  url.searchParams.set("near", near);
  const reply = await fetch(url, { method: "POST", referrer: "" });
  const hints = reply.ok && hintsIn(reply.headers.get("server-timing") ?? "");
  const kept = await readKept(HINTS);
  if (hints) await writeKept(HINTS, { ...(typeof kept === "object" && kept), ...hints });
}
