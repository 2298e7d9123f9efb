// Synchronous requests of a page whose browser sends them past the Service Worker. The page's thread
// waits, so that no message reaches it: the response comes by files, which it reads again and again.

/** From the shell to the worker that asks. */
export type SyncMessage =
  | ({ kind: "ask"; id: string } & SyncRequest)
  /** The response has been read: its body is no longer needed. */
  | { kind: "done"; id: string };

export interface SyncRequest {
  method: string;
  url: string;
  fields: [string, string][];
  body: Blob | undefined;
  /** Of the page. */
  referrer: string;
}

/** What a page has asked for, from `open` on. */
export interface SyncOpened {
  method: string;
  url: URL;
  user: string | null | undefined;
  password: string | null | undefined;
  fields: [string, string][];
  /** By `overrideMimeType`. */
  type?: string;
  /** By `send`, with the type that it has by itself. */
  whole?: { blob: Blob; type: string } | undefined;
  /** Takes the response away. */
  hide?: (() => void) | undefined;
}

/** From that worker, once it has files: their folder. */
export interface SyncReady {
  folder: string;
}

/**
 * What the file STATE holds, behind the id of the request that came last: nothing while it is under way, then
 * this. The file of that id holds the body.
 */
export interface SyncHead {
  /** undefined: a network error. */
  response:
    { status: number; statusText: string; url: string; fields: [string, string][] } | undefined;
}

export const STATE = "state";

/** Folders of these files begin so, and the locks by which it is known whose worker lives. */
export const SYNC_FOLDER = "p2claw-sync-";
