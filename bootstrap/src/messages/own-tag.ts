// What our tag in a page passes to the script in it: attributes, `data-…` in HTML.

/** Our own nonces begin so. */
export const NONCE_PREFIX = "p2claw-";

/** What a page must know of one policy to send its reports through the link. */
export interface PolicyNote {
  /** As the browser got it, and as the app wrote it. */
  sent: string;
  was: string;
  reportOnly: boolean;
  /** report-uri. */
  uris: string[];
  /** The endpoint that report-to names, "" where none does. */
  to: string;
}

export interface TagData {
  /** The app has service workers of its own. A GuestVersion with its scope, as JSON: of this page; "": of others. */
  guest?: string;
  /** TabPolicy as JSON: a tab whose top is this page must have another one than it has. */
  tab?: string;
  /** In place of a page: the code of a problem, or another site to go to. */
  problem?: string;
  depart?: string;
  /** The page is the response to a form that was sent by POST. */
  posted?: "";
  /** Other origins by which the app means itself. */
  own?: string;
  /** No page of the app may frame this one. */
  alone?: "";
  /** PolicyNote[] as JSON. */
  notes?: string;
  /** The page's text follows unread, for a frame with an opaque origin and these tokens. */
  opaque?: string;
  loads?: string;
}
