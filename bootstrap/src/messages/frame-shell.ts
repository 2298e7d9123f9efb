// What the script in an app's pages may ask of its shell, by direct calls: both are of one origin.

import type { Late } from "./late";
import type { Cookie, Place } from "../cookies/parse";

/** Where the shell keeps it, on its own window. */
export const SHELL_PROPERTY = "__p2claw";

export interface ShellApi {
  /** Name of the Web Lock that tells this shell from others. */
  readonly lock: string;
  /** This browser shows the fields of a Service Worker's answer as UTF-8. */
  readonly recodes: boolean;
  /** The window that is the app's top. */
  readonly frame: () => Window | null;
  /**
   * A document of the app's top frame begins: before any script of its own has run.
   * Answers with the history state that belongs to it, as JSON-like data.
   */
  arrive(page: AppPage): { state: unknown; restore: boolean };
  /** The document went to another URL of its own accord, and stayed the same document. */
  moved(how: "push" | "replace", url: string, state: unknown): void;
  /** The document is about to give way to another: for a new entry of the history, or in place. */
  leaving(how: "push" | "replace"): void;
  /** The app goes to another site. how: absent where a redirect led there, in place of a page. */
  depart(url: string, how?: "push" | "replace"): void;
  /** Keep a body for a request that names `id`. */
  body(id: string, body: Blob, progress: ((sentBytes: number) => void) | undefined): void;
  /** The same for a form: the next document ends it. */
  formBody(id: string, body: Blob): void;
  /** The request that named it is over. */
  bodyDone(id: string): void;
  /** The other end of the pipe of a WebSocket that is being opened. */
  socket(id: string, port: MessagePort): void;
  /** What is loaded only when it is asked for. */
  late(): Promise<Late>;
  /** A line for the person, over the app, for a while. */
  say(text: string): void;
  /**
   * A frame of the app got the shell's page. Answers whether it is to load again: else requests
   * are not intercepted, which the shell says.
   */
  nested(url: string): Promise<boolean>;
  /** A request that must outlive its page. */
  beacon(url: string, init: RequestInit): void;
  readonly cookies: CookiesApi;
}

/** The cookies that pages may see. place: the URL of a document. */
export interface CookiesApi {
  /** The value of document.cookie. */
  read(place: Place): string;
  list(place: Place): Cookie[];
  /** Whether it was accepted. */
  write(place: Place, said: string): boolean;
  /** Returns what is to be called to end it. */
  listen(listener: CookieListener): () => void;
}

export type CookieListener = (changed: Cookie[], deleted: Cookie[]) => void;

/** What a document gives its shell. */
export interface AppPage {
  window: Window;
  /** In place of a page there is a stub of ours, for this reason. */
  problem: string | undefined;
  /** Load another document in place of this one. */
  go(url: string): void;
  /** Go to another entry of the same document, as the browser does on Back. */
  pop(state: unknown, url: string): void;
}
