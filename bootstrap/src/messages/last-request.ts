// A request of a tab's pages while the tab is closed: posted by its window to the channel worker.

import type { CookieWrite } from "./sw-page";

export interface LastRequest {
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
  /** Cookies that its pages wrote, which the worker perhaps does not know of. */
  writes: CookieWrite[];
}
