// What the Service Worker needs soon, or only for some apps: run by `sw/later`.

import { readBody } from "../sw/body-reading";
import { PrivateCache } from "../sw/cache/private-cache";
import { AppCookies } from "../sw/cookies/app-cookies";
import { Readers } from "../sw/cookies/readers";
import { admit } from "../sw/csp";
import { replyOf } from "../sw/guest-reply";
import { Guests } from "../sw/guests";
import { Insertion } from "../sw/html-injection";
import type { Give } from "../sw/later";
import { askSibling } from "../sw/siblings";
import { clearSiteData } from "../sw/site-data";
import { WorkerScripts } from "../sw/worker-script";

declare const give: Give;

give((shells, asset) => ({
  cache: new PrivateCache(),
  guests: new Guests(shells),
  Insertion,
  admit,
  askSibling,
  clearSiteData,
  openJar: (kept, session) => new AppCookies(new Readers(() => shells.all), kept, session),
  readBody,
  replyOf,
  workerScripts: new WorkerScripts(asset),
}));
