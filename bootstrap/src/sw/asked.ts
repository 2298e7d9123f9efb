// What is asked of the box, whatever the browser's own request looks like; and the way to ask it.

import type {
  ReplyPort,
  PortRequest,
  ReplyError,
  RequestBody,
  SwToWorker,
  WorkerReply,
} from "../messages/sw-worker";
import type { RequestCookies } from "./cookies/request-cookies";
import { bodyLength, transferOf } from "./request-body";
import type { Fields } from "../wire/heads";
import type { Shell } from "./shells";

/** A form that is sent by a navigation which itself is a GET. */
export interface Post {
  body: RequestBody;
  contentType: string;
  /** "" where the browser says which. */
  origin: string;
}

/** What was noted of a request before it came. */
export interface Noted {
  post?: Post | undefined;
  /** It is saved under this name, unless the app says another. */
  save?: string | undefined;
  cache?: RequestCache;
  /** It opens a WebSocket, on the pipe of this id. */
  socket?: string | undefined;
  /** Fields of that opening. */
  handshake?: [string, string][];
  /** Fields that it does not have. */
  dropped?: RegExp | undefined;
}

export interface Asked {
  url: string;
  method: string;
  fields: Fields[number][];
  urgency: number;
  cache: RequestCache;
  /** As the page wants it: without cookies, and without signing in. */
  anonymous: boolean;
  /** It is wanted though its page be gone. */
  keep: boolean;
  /** It becomes a document in a frame. */
  page: boolean;
  post: Post | undefined;
  /** What the page is told of the app's own service workers. */
  guest?: string | undefined;
  cookies: RequestCookies;
  /** It is saved under this name, unless the app says another. */
  save: string | undefined;
  /** It opens a WebSocket, on the pipe of this id. */
  socket: string | undefined;
}

export type Head = Extract<WorkerReply, { kind: "head" }>;

export interface Pending {
  reply: Promise<Head | { kind: "error"; error: ReplyError }>;
  /** Once the response has come. */
  readonly port: ReplyPort;
  cancel: () => void;
}

/** Hand it to the shell's worker. */
export function ask(asked: Asked, body: RequestBody, shell: Shell): Pending {
  const { port1, port2 } = new MessageChannel();
  const { method, urgency, cookies, socket } = asked;
  // Said apart, as it may have to be said anew.
  const fields = asked.fields.filter(([name]) => name !== "cookie");
  const url = new URL(asked.url);
  const length = body.kind === "none" || socket !== undefined ? undefined : bodyLength(body);
  const message: PortRequest = {
    method,
    target: asked.url.slice(url.origin.length) || "/", // its `search` has no lone "?"
    fields: length === undefined ? fields : [...fields, ["content-length", String(length)]],
    urgency,
    body,
    socket,
    anonymous: asked.anonymous,
    keep: asked.keep,
    ...cookies.now(),
    reply: port2,
  };
  const early: WorkerReply[] = [];
  let cancel = (): void => undefined;
  const reply: Pending["reply"] = new Promise((resolve) => {
    const died = (): void => resolve({ kind: "error", error: "lost" });
    if (shell.isGone) died();
    else shell.onDeath.add(died);
    cancel = () => {
      port1.postMessage({ kind: "cancel" } satisfies SwToWorker);
      died();
    };
    port1.onmessage = ({ data }: MessageEvent<WorkerReply>) => {
      if (data.kind === "stale") {
        cookies.after(data.wrote).then(() => {
          port1.postMessage({ kind: "cookie", cookie: cookies.now().cookie } satisfies SwToWorker);
        }, cancel);
        return;
      }
      shell.onDeath.delete(died);
      if (data.kind === "head" || data.kind === "error") resolve(data);
      if (data.kind !== "head") early.push(data);
    };
  });
  shell.port.postMessage(message, [port2, ...transferOf(body)]);
  return { reply, port: withEarly(port1, early), cancel };
}

// The head is looked at before anybody reads the body: what comes meanwhile waits here.
function withEarly(port: MessagePort, early: WorkerReply[]): ReplyPort {
  return {
    get onmessage() {
      return port.onmessage;
    },
    set onmessage(listener: ReplyPort["onmessage"]) {
      port.onmessage = listener;
      // Before anything else can come, and not before whoever listens is ready.
      queueMicrotask(() => {
        for (const data of early.splice(0)) {
          port.dispatchEvent(new MessageEvent("message", { data }));
        }
      });
    },
    postMessage: (message) => port.postMessage(message),
    close: () => port.close(),
  };
}
