// The messages between the Service Worker and the pages that it serves: shells, and app frames.

import type { Cookie } from "../cookies/parse";
import type { GuestAsk, GuestNews } from "./guest";
import type { SiblingAsk } from "./sibling";

/** Raised when these messages change: an old shell beside a new Service Worker reloads itself. */
export const PAGE_PROTOCOL = 7;

/** Web Lock that a shell holds as long as it lives; the Service Worker waits for it. */
export const LOCK_PREFIX = "p2claw-shell-";

/** Web Lock that shells share while they live: of a browser session, by its name. */
export const SESSION_PREFIX = "p2claw-session-";

/** A cookie that a page wrote. count: of all writes in its tab, the how manieth. */
export interface CookieWrite {
  count: number;
  cookie: Cookie;
}

/**
 * The headers of the page at the top of a tab, "" for none: Cross-Origin-Opener-Policy, and
 * Cross-Origin-Embedder-Policy where both together isolate it.
 */
export interface TabPolicy {
  opener: string;
  embedder: string;
}

export type PageToSw =
  /** Of the app's own service workers. */
  | { kind: "guest"; ask: GuestAsk }
  | {
      kind: "hello";
      protocol: number;
      lock: string;
      port: MessagePort;
      /** The shell is itself in a frame of another site. */
      embedded: boolean;
      /** It has no frame of its own: it serves a sibling. */
      hidden: boolean;
      /** The document that the shell's frame asks for next. */
      expect: string;
      /** What the shell was served with. */
      policy: TabPolicy;
      /** A page of this site led there, as far as is known. */
      led: boolean;
      /** The browser session, where the tab or the browser has kept its name. */
      session: string;
      /** What the Service Worker has perhaps not put down. */
      writes: CookieWrite[];
      /** What led to it, "" for nothing; undefined: it has come already. */
      referrer: string | undefined;
    }
  /** To the cookies of a shell's pages. */
  | { kind: "cookie"; lock: string; write: CookieWrite }
  | { kind: "bye"; lock: string }
  /** The reply to `busy`: an event. */
  | { kind: "awake" }
  | { kind: "claim" }
  /** An updated Service Worker that waits may take over. */
  | { kind: "take-over" }
  /** From an app page: which shell is mine, and by which other origins the app is meant. */
  | { kind: "iam"; lock: string; origins: readonly string[] }
  /**
   * From a page: the next navigation to this URL sends a form, whose body has this id.
   * Acknowledged on the port that comes with it.
   */
  | { kind: "post"; id: string; url: string; contentType: string }
  /** From an app page: whether its shell's frame has asked for this document last. The reply comes on that port. */
  | { kind: "coming"; url: string }
  /** From an app page: what the next navigation to this URL gives is saved. Acknowledged as `post`. */
  | { kind: "save"; url: string; name: string }
  /** From a shell: how the next navigation to this URL treats the cache. Acknowledged as `post`. */
  | { kind: "mode"; url: string; cache: RequestCache }
  /** From a shell: the next visit of this URL is the tab of such a page. Acknowledged as `post`. */
  | { kind: "isolate"; url: string; policy: TabPolicy }
  /** From an app page: the request whose mark this is is no longer wanted. */
  | { kind: "abort"; id: string }
  /** From the page that forgets the address: what is in memory goes first. Acknowledged as `post`. */
  | { kind: "forget" }
  /** From an app page: it goes away, and none of its requests is wanted any more. */
  | { kind: "gone" };

export type SwToPage =
  /** Of the app's own service workers. */
  | { kind: "guest"; news: GuestNews }
  /** To a shell: a request for another app under the same parent. */
  | ({ kind: "sibling" } & SiblingAsk)
  /** Shells reply with hello, app pages with iam. instance: of this start of the Service Worker. */
  | { kind: "ask"; instance: string }
  /** To a shell: its port has arrived. What its pages may know of all cookies. */
  | { kind: "welcome"; session: string; cookies: Cookie[]; wrote: number }
  /**
   * To a shell: what became of cookies, once so many of its writes had been read, and so many been
   * put down. Acknowledged on the port that comes with it, if one does.
   */
  | { kind: "cookies"; changed: Cookie[]; deleted: Cookie[]; wrote: number; saved: number }
  | { kind: "reload" }
  /** To a shell: bodies that its pages have had whole, and how long they were. */
  | { kind: "sizes"; sizes: [url: string, bytes: number][] }
  /** To a shell: responses are still to be sent, and only an event keeps a Service Worker from being stopped. */
  | { kind: "busy" }
  /**
   * The app clears the storage of its site: a shell empties localStorage and sessionStorage, an app
   * page closes its databases. Acknowledged on the port that comes with it.
   */
  | { kind: "clear-storage" }
  /** To a shell: what its frame asked for is no page, but a file that is being saved; empty: nothing at all. */
  | { kind: "download"; sure: boolean; empty: boolean }
  /** To a shell: the form that its frame has sent, where no page of the app handed it over. */
  | { kind: "form"; contentType: string; body: Blob };

/** What is asked to find out what this browser makes of an octet in a field. */
export const OCTETS = "/__p2claw/assets/octets";

/** On responses that are ours, not the app's: an error code. */
export const ERROR_FIELD = "x-p2claw-error";
