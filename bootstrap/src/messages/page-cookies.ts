// The cookies of the app as its pages see them, by direct calls to the shell.

import type { Cookie, Place } from "../cookies/parse";

/** The cookies that pages may see. place: the URL of a document. */
export interface CookiesApi {
  /** The value of document.cookie. */
  read(place: Place): string;
  list(place: Place): Cookie[];
  /** Whether it was accepted. */
  write(place: Place, text: string): boolean;
  /** Returns what is to be called to end it. */
  listen(listener: CookieListener): () => void;
}

/** Called whenever cookies may have changed, with all that pages may see. */
export type CookieListener = (before: Cookie[], after: Cookie[]) => void;
