// Runs first in every worker of the app that it gets into: WebSocket to the app goes over the link
// there too, and workers of a worker get this script in their turn.

import { wrapEventSource } from "../inject/event-source";
import { followsEvents } from "../inject/event-source-reading";
import { inPlaceOf } from "../inject/native-look";
import { hideOwnStorage } from "../inject/own-storage";
import { appSocket, learnOrigins } from "../inject/own-url";
import { socketsOf } from "../inject/socket-traffic";
import { STRICT, wrapWebSocket } from "../inject/web-socket";
import { wrapWorkers } from "../inject/workers";
import { channelOf } from "../messages/socket";
import { ABORTS, take } from "../messages/worker-given";

type Native = (this: unknown, ...args: unknown[]) => unknown;

const { location: shown, origins, file } = take();
if (shown !== undefined) locate(new URL(location.href), new URL(shown));
learnOrigins(origins || undefined);
hideOwnStorage();
if (file !== undefined)
  wrapWorkers(
    file,
    () => false,
    () => self.origin !== "null",
  );

let aborts: BroadcastChannel | undefined;
const abort = (id: string): void => (aborts ??= new BroadcastChannel(ABORTS)).postMessage(id);
const pipe = (id: string): BroadcastChannel => new BroadcastChannel(channelOf(id) ?? id);
const ask = fetch.bind(self);
const follow = followsEvents(globalThis, ask);
wrapEventSource(() => Promise.resolve(follow));
const open = socketsOf(globalThis, { fetch: ask, channel: true, pipe, abort, strict: STRICT });
wrapWebSocket(() => Promise.resolve(open), appSocket);

// A script that the app has made runs from a copy, with ours before it.
function locate(copy: URL, shown: URL): void {
  const { prototype } = WorkerLocation;
  const own = Object.getOwnPropertyDescriptors(prototype);
  const named = (native: unknown): Native =>
    inPlaceOf(native as Native, (on, args) =>
      String(Reflect.apply(native as Native, on, args)).replace(copy.pathname, shown.pathname),
    );
  for (const name of ["href", "pathname"] as const) {
    const member = own[name];
    Object.defineProperty(prototype, name, { ...member, get: named(member.get) });
  }
  const { toString } = own;
  Object.defineProperty(prototype, "toString", { ...toString, value: named(toString.value) });
}
