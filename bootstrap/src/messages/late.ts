// What the shell loads only when something asks for it, and hands to the pages of the app too.

import type { Cookie } from "../cookies/parse";
import type { OpenSocket, SocketRealm } from "./app-socket";
import type { FollowEvents } from "./event-stream";
import type { CookiesApi } from "./page-cookies";
import type { Kept } from "./kept";
import type { SyncOpened } from "./sync-request";
import type { PolicyNote } from "./own-tag";
import type { Names, ProblemCode, ProblemText } from "./problems";
import type { Judgement, Wrong } from "./trust";

export interface Late {
  /** Of a box that is named without an app. */
  listApps(address: BoxAddress, view: AppListView): void;
  /**
   * What a sandboxed frame with an opaque origin is to show of the app, as text for `srcdoc`.
   * ask: of the page around it.
   */
  sandboxed(url: URL, ask: typeof fetch): Promise<string>;
  /** host: the name of an app without a title. */
  mirrorOf(host: string): TabMirror;
  /** shown: a document of XML. */
  showTree(shown: object): void;
  /** Get a newer Service Worker, and with it a newer shell, if there is one. */
  update(): Promise<void>;
  /** page: a window, whose document is whole. Whether it is seen, though it may hide itself within frames. */
  unhide(page: object): boolean;
  signIn(question: SignInQuestion): Promise<SignedIn>;
  /** Elements. */
  problemPage(problem: ProblemText, retry: RetryPlan | undefined): object[];
  problemText(code: ProblemCode, names: Names): ProblemText;
  /** Whether a key belongs to a name where it is not plain to see; what is pinned then. */
  judge(
    alias: string,
    found: string,
    linkKey: string | undefined,
    pin: unknown,
    statements: string[] | undefined,
  ): Promise<Judgement>;
  /** wrong: undefined if the answer was not signed with the key. found: its peer id. */
  wrongKey(wrong: Wrong | undefined, found: string): Partial<ProblemText>;
  reportViolation(event: SecurityPolicyViolationEvent, note: PolicyNote): void;
  /** page: the window that shows it. */
  showOpaque(page: object, tag: OpaqueTag): void;
  /** page: a window. ask: as its own requests go. */
  followsEvents(page: object, ask: typeof fetch): FollowEvents;
  /** page: a window. */
  socketsOf(page: object, realm: SocketRealm): OpenSocket;
  /** page: a window. store: its cookieStore. */
  cookieStoreFor(page: object, store: EventTarget, cookies: CookiesApi): CookieStoreActs;
  /**
   * Sends it and shows the response on `xhr`, whose page is this window. false: there is no way. Throws
   * NetworkError.
   */
  sendSync(xhr: object, opened: SyncOpened, page: object): boolean;
  /**
   * In this window something was asked synchronously, and there was no way. If there will be one, the
   * page is loaded again, once; otherwise the person sees why.
   */
  syncFailed(page: object, shell: SyncShell, opened: SyncOpened): Promise<void>;
  /** page: the window whose response it is. */
  plainOctets(page: object, response: Response): void;
  /** shown: a document of the app. */
  enteredInto(shown: object): Kept["fields"];
  /** page: a window, whose document has begun. kept: what was put down when it was left. */
  restore(page: object, kept: Kept | undefined): void;
}

/** What the calls of a page's cookieStore do. */
export interface CookieStoreActs {
  /** done: a list of what comes of it; undefined: the browser is to do it, asked so. */
  act(name: string, given: unknown[]): { done?: [unknown]; asked?: unknown[] };
  /** Dispatch the events of it in the page. */
  changed(before: Cookie[], after: Cookie[]): void;
}

/** What the tag holds for a page with an opaque origin. */
export interface OpaqueTag {
  /** Of `sandbox`. */
  tokens: string;
  loads: string;
  nonce: string;
  /** The page that shows it is the top to the app. */
  isTop: boolean;
  /** Of that page. */
  fetch: typeof fetch;
  /** Passes messages on to that frame: by a script of that page, whose they then are. */
  passTo(frame: object): void;
}

/** What this needs of a shell (`frame-shell.ts`). */
export interface SyncShell {
  frame(): object | null;
  reloads(): boolean;
  showLine(text: string): void;
}

/** Makes the tab look like the app's page. */
export interface TabMirror {
  /** page: a window, whose document is there, perhaps not yet whole. */
  follow(page: object): void;
}

export interface BoxAddress {
  alias: string;
  /** With its dot: `.localhost`. */
  parent: string;
}

export interface AppListView {
  /** parts: elements. */
  made(kind: "list", parts: object[]): void;
  /** By the coordinator. In how many seconds to ask again; undefined: never unasked. */
  refused(code: string, retryS: number | undefined, again: () => void): number | undefined;
  /** inS: when it is tried again unasked. */
  problem(code: ProblemCode, again: () => void, inS: number | undefined): void;
}

export interface RetryPlan {
  /** When the page tries by itself; undefined: only when asked to. */
  inS: number | undefined;
  act: () => void;
  /** Of the button; undefined: that it tries again. */
  label?: string | undefined;
}

/** A response with status 401: its challenges, and what the request had sent. */
export interface SignInQuestion {
  method: string;
  target: string;
  /** Values of WWW-Authenticate. */
  challenges: string[];
  /** Authorization, as it was sent. */
  sent: string | undefined;
}

export interface SignedIn {
  /** Authorization for one more try; undefined: the app's response stands. */
  field: string | undefined;
  /** Authorization of Basic for all that is below a path. */
  basic: [path: string, field: string][];
}
