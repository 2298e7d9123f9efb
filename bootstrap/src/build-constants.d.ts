// What the build puts in place of these names.

declare const __VERSION__: string;
/** Paths below the origin. */
declare const __SHELL_URL__: string;
declare const __WORKER_URL__: string;
declare const __LATE_URL__: string;
declare const __SYNC_URL__: string;
/** Of the pages that it makes. */
declare const __LATE_STYLE__: string;
declare const __LATE_URLS__: readonly string[];
/** What is made ready once a page is whole: for the shell, and for its worker. */
declare const __CLOSING_URL__: string;
declare const __LAST_REQUEST_URL__: string;
/** What the shell's worker runs later, and its part for WebSockets that are open. */
declare const __WORKER_LATER_URL__: string;
declare const __SOCKETS_URL__: string;
/** The app's own service workers: what keeps them in the shell, and what runs before their scripts. */
declare const __SIBLING_URL__: string;
declare const __GUEST_URL__: string;
declare const __GUEST_WORKER_URL__: string;
/** What the Service Worker runs later. */
declare const __SW_LATER_URL__: string;
declare const __INJECT_URL__: string;
declare const __INJECT_WORKER_URL__: string;
/** The hashed assets of every visit, for the Service Worker's cache. */
declare const __ASSET_URLS__: readonly string[];
/** The shell's page, and the policy it is served with. */
declare const __PAGE_URL__: string;
declare const __SHELL_CSP__: string;
