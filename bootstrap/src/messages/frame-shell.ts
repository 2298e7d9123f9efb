// What the script in an app's pages may ask of its shell, by direct calls: both are of one origin.

import type { Guests } from "./guest-page";
import type { Late } from "./late";
import type { TabPolicy } from "./sw-page";
import type { CookiesApi } from "./page-cookies";

/** Where the shell keeps it, on its own window. */
export const SHELL_PROPERTY = "__p2claw";

export interface ShellApi {
  /** Name of the Web Lock by which this shell is known. */
  readonly lock: string;
  /** This browser shows the fields of a Service Worker's response as UTF-8. */
  readonly recodes: boolean;
  /** The shell's own window: the tab, or what another site's page holds. */
  readonly tab: Window;
  /** The window that is the app's top. */
  readonly frame: () => Window | null;
  /** A document of the app's top frame begins: before any script of its own has run. */
  arrive(page: AppPage): Arrival;
  /** The document went to another URL of its own accord, and stayed the same document. */
  moved(how: "push" | "replace", url: string, state: unknown): void;
  /** The document is about to give way to another: for a new entry of the history, or in place. */
  leaving(how: "push" | "replace" | "reload"): void;
  /** The document is to be loaded again. true: the shell does it, for the document is the response to a form. */
  reloads(): boolean;
  /** A person was asked whether to leave the document, and stayed. */
  stayed(): void;
  /** The app goes to another site. how: absent where a redirect led there, in place of a page. */
  depart(url: string, how?: "push" | "replace"): void;
  /** Post a message to another site's page, as the window at the top. */
  post(to: Window, ...message: Parameters<Window["postMessage"]>): void;
  /** Keep a body for a request that names `id`. */
  body(id: string, body: Blob, progress: ((sentBytes: number) => void) | undefined): void;
  /** The same for a form: the next document ends it. */
  formBody(id: string, form: SentForm): void;
  /** The request that named it is over. */
  bodyDone(id: string): void;
  /** The other end of the pipe of a WebSocket that is being opened; where it is asked for. */
  socket(id: string, port: MessagePort, url: string): void;
  /** What is loaded only when it is asked for. */
  late(): Promise<Late>;
  /** The same, where it is here. */
  lateHere(): Late | undefined;
  /** The app's own service workers, in this tab. */
  guests(): Promise<Guests>;
  /** Show a line to the person, over the app, for a while. */
  showLine(text: string): void;
  /**
   * A frame of the app got the shell's page. Resolves with whether it is to load again: if not, requests
   * are not intercepted, which the shell shows.
   */
  nested(url: string): Promise<boolean>;
  /** A request that must outlive its page: what a page itself asks for ends with it, or before. */
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** The tab is being closed: everything must be asked for so. */
  closing?: boolean;
  readonly cookies: CookiesApi;
  /** How long the body was that came last from this URL; undefined: the browser knows as much. */
  size(url: string): number | undefined;
}

/** What a form sent. body: absent where it is no longer to be had. */
export interface SentForm {
  contentType: string;
  body: Blob | undefined;
}

/** What a document hands to its shell. */
export interface AppPage {
  window: Window;
  /** In place of a page there is a stub of ours, for this reason. */
  problem: string | undefined;
  /** It is the response to a form that was sent by POST. */
  posted: boolean;
  /** The tab must be loaded again for it, with this policy. */
  tab: TabPolicy | undefined;
  /** Load another document in place of this one. */
  go(url: string): void;
  /** Go to another entry of the same document, as the browser does on Back. */
  pop(state: unknown, url: string): void;
  /** What another site's page posted to the top of the tab. */
  deliver(event: MessageEvent): void;
}

/** What a document finds out about the entry of the history that it belongs to. */
export interface Arrival {
  /** history.state of the entry, as JSON-like data. */
  state: unknown;
  /** The frame itself does not know that state. */
  restore: boolean;
  /** How the tab came to the document, if the frame itself shows something else. */
  type: string | undefined;
  referrer: string | undefined;
}
