// The dedicated worker of a shell: owns the data channels, so that a busy page never starves them.

import type { Cookie } from "../cookies/parse";
import type { SignInQuestion } from "../messages/late";
import { loadPart } from "../messages/part";
import type { ShellToWorker, WorkerToShell } from "../messages/worker-shell";
import type {
  CookieNews,
  CountRequest,
  PortRequest,
  RequestBody,
  SwToWorker,
  WorkerReply,
} from "../messages/sw-worker";
import { Code } from "../wire/codes";
import { Session } from "../wire/session";
import type { Bodies } from "./bodies";
import type { Carrying } from "./carrying";
import { Dispatcher } from "./dispatcher";
import { Exchange } from "./exchange";
import { later } from "./later";
import { Link, type LinkOwner } from "./link";
import { whenOpen } from "./opening";
import type { SignIn } from "./sign-in";
import type { Sockets } from "./sockets";
import type { Source } from "./upload";

type OfKind<K extends ShellToWorker["kind"]> = Extract<ShellToWorker, { kind: K }>;

const PROGRESS_MS = 50; // XHR §4.5.6

const shell = self as unknown as DedicatedWorkerGlobalScope;
const dispatcher = new Dispatcher();
const links = new Map<number, Link>();
const openings = new Map<number, RTCDataChannel>();
const held = new Map<number, () => void>(); // what lets a link begin, once the box is trusted
const exchanges = new Set<Exchange>();
const progressed = new Map<string, number>(); // when it was last reported, by id of the body
let carrying: Carrying | undefined;
let signIn: SignIn | undefined;
let sockets: Promise<Sockets> | undefined;
let swPort: MessagePort | undefined;
let cookies: Cookie[] = [];
let last: typeof import("./last-request") | undefined;
let wrote = 0; // cookies, by the pages of this tab

shell.onmessage = (event: MessageEvent<ShellToWorker>) => receive(event.data);

function receive(message: ShellToWorker): void {
  switch (message.kind) {
    case "link":
      addLink(message);
      return;
    case "trusted":
      held.get(message.link)?.();
      held.delete(message.link);
      return;
    case "drop":
      held.delete(message.link);
      links.get(message.link)?.drop(Code.INTERNAL, "the shell dropped the link");
      openings.get(message.link)?.close();
      openings.delete(message.link);
      return;
    case "port":
      usePort(message.port);
      return;
    case "body":
      withBodies((bodies) => bodies.add(message.id, message.body));
      return;
    case "body-done":
      withBodies((bodies) => bodies.drop(message.id));
      return;
    case "socket":
      void openSockets().then((sockets) => sockets?.pipes.add(message.id, message.port));
      return;
    case "signed-in":
      signIn?.finish(message.id, message);
      return;
    case "wrote":
      wrote = message.count;
      return;
    case "give-up":
      dispatcher.giveUp();
      return;
    case "attend": {
      void loadPart<typeof last>(__LAST_REQUEST_URL__).then((loaded) => {
        last = loaded;
      });
      return;
    }
    case "last":
      if (last) void begin(last.requestOf(message.request, cookies));
      return;
    case "probe":
      for (const link of links.values()) link.probe();
      return;
    default:
      message satisfies never;
  }
}

// Makes a link once the channel is open. If another link is lost or suspect, this one may carry its
// session on (`carrying`).
function addLink({ link: id, app, channel, held: isHeld }: OfKind<"link">): void {
  openings.set(id, channel);
  const trusted = isHeld ? new Promise<void>((resolve) => held.set(id, resolve)) : undefined;
  const failed = (): void => {
    if (openings.delete(id))
      emit({ kind: "lost", link: id, code: Code.INTERNAL, reason: "closed" });
  };
  whenOpen(channel, trusted, failed, (early) => {
    if (!openings.delete(id)) return;
    const [old, resumes] = carrying?.next() ?? [];
    const session = new Session(app, `p2claw-shell/${__VERSION__}`, undefined, resumes);
    const link = new Link(id, session, channel, owner);
    links.set(id, link);
    if (old) carrying?.begin(link, old);
    else use(link);
    for (const event of early) channel.onmessage?.(event);
  });
}

function use(link: Link): void {
  dispatcher.use(link);
  emit({ kind: "open", link: link.id });
  later.part().then(
    (part) => {
      carrying ??= new part.Carrying(links, use, emit);
      link.watch(part);
    },
    () => undefined,
  );
}

const owner: LinkOwner = {
  roomier: () => dispatcher.pump(),
  goaway: (link, code) => {
    dispatcher.leave(link);
    emit({ kind: "goaway", link: link.id, code });
  },
  lost: (link, code, reason) => {
    dispatcher.leave(link);
    carrying?.lost(link);
    links.delete(link.id);
    emit({ kind: "lost", link: link.id, code, reason });
  },
  suspect: (link) => {
    dispatcher.leave(link);
    carrying?.suspect(link);
    emit({ kind: "suspect", link: link.id });
  },
  fine: (link) => {
    carrying?.fine(link);
    dispatcher.use(link);
    emit({ kind: "fine", link: link.id });
  },
  resumed: (link, received) => carrying?.resumed(link, received),
  placed: (place) => emit({ kind: "placed", place }),
};

// A second port means that the Service Worker was started anew: nobody reads the old replies.
function usePort(port: MessagePort): void {
  swPort?.close();
  for (const exchange of [...exchanges]) exchange.abandon();
  swPort = port;
  later.part().catch(() => undefined);
  port.onmessage = ({ data }: MessageEvent<PortRequest | CountRequest | CookieNews>) => {
    if ("cookies" in data) cookies = data.cookies;
    else if ("method" in data && data.wrote >= wrote) void begin(data);
    else if ("method" in data) renew(data);
    else data.reply.postMessage({ kind: "stale", wrote } satisfies WorkerReply);
  };
}

// A page has written a cookie and then made this request, but the Service Worker read the request
// before the cookie: nothing orders the two there. Here they are ordered, for the page reports the
// cookie to this worker as well.
function renew(request: PortRequest): void {
  const { reply } = request;
  reply.onmessage = ({ data }: MessageEvent<SwToWorker>) => {
    reply.onmessage = null;
    if (data.kind === "cookie") void begin({ ...request, cookie: data.cookie });
  };
  reply.postMessage({ kind: "stale", wrote } satisfies WorkerReply);
}

async function begin(request: PortRequest): Promise<void> {
  const { body, cookie } = request;
  if (cookie) request.fields = [...request.fields, ["cookie", cookie]];
  const reference = body.kind === "reference" ? body.id : undefined;
  // Every try needs that part, the first one too.
  const source = body.kind === "none" ? undefined : await sourceOf(body).catch(() => undefined);
  const open = request.socket === undefined ? undefined : await openSockets();
  const whole = withLength(request, source);
  const exchange = new Exchange(signIn?.known(whole) ?? whole, source, reference, {
    accepted: (id, link, stream) => Boolean(open?.begin(id, link, stream)),
    challenged: (exchange, challenges) => {
      later.part().then(
        (part) => (signIn ??= new part.SignIn(askWho)).challenged(exchange, challenges),
        () => exchange.signedIn(undefined),
      );
    },
    again: (exchange) => dispatcher.add(exchange),
    over: (exchange) => {
      exchanges.delete(exchange);
      dispatcher.remove(exchange);
      open?.pipes.drop(request.socket);
      if (reference !== undefined) progressed.delete(reference);
    },
    progress,
    noticed: (text) => emit({ kind: "notice", text }),
  });
  if ((body.kind !== "none" && !source) || (request.socket !== undefined && !open)) {
    exchange.fail("reset");
    return;
  }
  exchanges.add(exchange);
  dispatcher.add(exchange);
}

function askWho(id: number, question: SignInQuestion): void {
  emit({ kind: "sign-in", id, ...question });
}

// undefined: that part cannot be had now; the next WebSocket tries again.
async function openSockets(): Promise<Sockets | undefined> {
  sockets ??= loadPart<typeof import("./sockets")>(__SOCKETS_URL__).then(
    ({ Sockets }) => new Sockets(),
  );
  return sockets.catch((error: unknown) => {
    sockets = undefined;
    console.error("p2claw: the part for WebSockets could not be loaded", error);
    return undefined;
  });
}

// undefined: it is named, and nobody hands it over. Rejects if it cannot be sent.
async function sourceOf(body: Exclude<RequestBody, { kind: "none" }>): Promise<Source | undefined> {
  const { bodies } = await later.part();
  if (body.kind !== "reference") return body;
  const blob = await bodies.get(body.id);
  return blob && { kind: "blob", blob };
}

// In turn, though the part be on its way.
function withBodies(act: (bodies: Bodies) => void): void {
  later.part().then(
    ({ bodies }) => act(bodies),
    () => undefined,
  );
}

// Only here is it known how long a body is that came by reference.
function withLength(request: PortRequest, source: Source | undefined): PortRequest {
  if (request.body.kind !== "reference" || source?.kind !== "blob") return request;
  const length = ["content-length", String(source.blob.size)] as const;
  return { ...request, fields: [...request.fields, length] };
}

function progress(id: string, sentBytes: number, whole: boolean): void {
  const nowMs = performance.now();
  if (!whole && nowMs - (progressed.get(id) ?? -PROGRESS_MS) < PROGRESS_MS) return;
  progressed.set(id, nowMs);
  emit({ kind: "progress", id, sentBytes });
}

function emit(message: WorkerToShell): void {
  shell.postMessage(message);
}
