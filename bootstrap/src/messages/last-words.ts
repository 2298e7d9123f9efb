// What the pages of a tab ask for while it is closed: said by its window to the channel worker.

import type { CookieWrite } from "./sw-page";

export interface LastWords {
  url: string;
  method: string;
  fields: [name: string, value: string][];
  body: Blob | undefined;
  mode: string;
  cache: string;
  referrer: string;
  /** Without cookies. */
  anonymous: boolean;
  /** The tab's pages are in a frame of another site. */
  embedded: boolean;
  /** Cookies that its pages wrote, of which the worker has perhaps not heard. */
  writes: CookieWrite[];
}
