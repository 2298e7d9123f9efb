// The app's own Service Worker, here called a guest. Ours has the scope, so the guest runs in a
// dedicated worker of each shell, and our Service Worker asks it first. Their messages.

/** One version of a guest's script. */
export interface GuestVersion {
  id: string;
  script: string;
  state: "installing" | "installed" | "activating" | "activated";
  /** It listens for `fetch`. */
  fetches: boolean;
}

export interface GuestRegistration {
  scope: string;
  type: WorkerType;
  via: ServiceWorkerUpdateViaCache;
  installing?: GuestVersion | undefined;
  waiting?: GuestVersion | undefined;
  active?: GuestVersion | undefined;
}

/** From shells and their pages to the Service Worker. */
export type GuestAsk =
  /** From a shell; the reply to each comes on the port that is sent with it. GuestList: */
  | { do: "list" }
  /** How many pages a registration controls. */
  | { do: "count"; scope: string }
  /** The reply is a GuestList. A registration is new or has changed. claim: its active worker controls all pages in scope. */
  | { do: "set"; registration: GuestRegistration; claim: boolean }
  | { do: "remove"; scope: string }
  /** The next worker of that URL is this version's. */
  | { do: "run"; url: string; id: string }
  /** From a shell: a version of a guest runs there, and is reached by this port. */
  | { do: "port"; lock: string; id: string; port: MessagePort }
  /** From a page to a guest; ports come beside it. */
  | { do: "message"; id: string; data: unknown };

/** To shells. */
export interface GuestList {
  do: "list";
  list: GuestRegistration[];
  /** The scope whose pages have been claimed by this. */
  claimed: string | undefined;
  /** Grows: what is older is passed over. */
  count: number;
}

/** From the Service Worker to shells and pages. */
export type GuestNews =
  | GuestList
  /** To a shell: its instance of this version is asked for. */
  | { do: "wanted"; id: string }
  /** To a page, from a guest; ports come beside it. */
  | { do: "message"; id: string; data: unknown };

/** One request, as the guest sees it. */
export interface GuestRequest {
  url: string;
  method: string;
  headers: [string, string][];
  body: Blob | undefined;
  mode: RequestMode;
  destination: RequestDestination;
  credentials: RequestCredentials;
  cache: RequestCache;
  redirect: RequestRedirect;
  referrer: string;
  referrerPolicy: ReferrerPolicy;
  integrity: string;
  clientId: string;
  resultingClientId: string;
}

export interface GuestClient {
  id: string;
  url: string;
  type: ClientTypes;
  frameType: "top-level" | "nested" | "none";
  visibilityState: DocumentVisibilityState;
  focused: boolean;
}

/** From the Service Worker to a guest. */
export type SwToGuest =
  | { do: "fetch"; request: GuestRequest; reply: MessagePort }
  | { do: "message"; data: unknown; source: GuestClient };

export type GuestReply =
  /** It has called respondWith. */
  | { do: "wait" }
  /** It leaves the request alone, or responds with what the network returns. */
  | { do: "pass" }
  /** A network error. */
  | { do: "error" }
  /** A response that nobody may read: as opaque as the one that this URL brings. */
  | { do: "opaque"; url: string }
  /** What is found in the app's caches. */
  | { do: "kept"; url: string; headers: [string, string][]; options: MultiCacheQueryOptions }
  | {
      do: "response";
      status: number;
      statusText: string;
      headers: [string, string][];
      /** A port: it comes there, as from a channel worker. */
      body: MessagePort | undefined;
    };

/** From a guest to the Service Worker, with a port for the reply. */
export type GuestToSw =
  | { do: "clients"; all: boolean; type: ClientTypes | "all" }
  | { do: "post"; to: string; data: unknown }
  | { do: "focus"; id: string }
  | { do: "open"; url: string }
  | { do: "notify"; title: string; options: NotificationOptions };

/** The name of the worker that it runs in: what it must know at once. */
export interface GuestFacts {
  id: string;
  scope: string;
  script: string;
  active: boolean;
}

/** From the shell to a guest. */
export type HostToGuest =
  | { do: "install" }
  | { do: "activate" }
  /** What it asked for with `claim` is done. */
  | { do: "claimed" }
  /** Its registration as it is now. */
  | { do: "registration"; registration: GuestRegistration }
  /** Requests and messages come on this port. */
  | { do: "port"; port: MessagePort };

/** From a guest to its shell. */
export type GuestToHost =
  /** Its script has run. */
  | { do: "ready"; fetches: boolean; failed: boolean }
  /** An event is over, with all that it waited for. */
  | { do: "done"; of: "install" | "activate"; well: boolean }
  | { do: "skip-waiting" | "claim" | "unregister" | "update" };

/** All versions of a registration. */
export function versionsOf({ installing, waiting, active }: GuestRegistration): GuestVersion[] {
  return [installing, waiting, active].flatMap((one) => one ?? []);
}

/** Where a version's scripts are kept, by their URLs. */
export function scriptCache(id: string): string {
  return `p2claw-guest-${id}`;
}

/** The registration that controls a page of this URL. */
export function registrationOf(
  list: readonly GuestRegistration[],
  url: string,
): GuestRegistration | undefined {
  const fitting = list.filter(({ scope }) => url.startsWith(scope));
  return fitting.sort((a, b) => b.scope.length - a.scope.length)[0];
}
