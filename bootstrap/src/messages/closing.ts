// What the shell makes ready once a page of the app has come, for when its tab is closed.

import type { ShellApi } from "./frame-shell";
import type { CookieWrite } from "./sw-page";

export interface ClosingModule {
  /** writes: of cookies, by the tab's pages, which the worker perhaps does not know of. */
  attend(api: ShellApi, worker: Worker, writes: () => CookieWrite[]): void;
}
