// What the Service Worker needs soon, or only for some apps: run by `sw/later`.

import { readBody } from "../sw/body-reading";
import { PrivateCache } from "../sw/cache/private-cache";
import { toClear } from "../sw/clear-site-data";
import { AppCookies } from "../sw/cookies/app-cookies";
import { Readers } from "../sw/cookies/readers";
import { settle } from "../sw/cookies/settle";
import { admit } from "../sw/csp";
import { GuestFirst } from "../sw/guest-first";
import { Guests } from "../sw/guests";
import { Insertion } from "../sw/html-injection";
import type { Give } from "../sw/later";
import { Notes } from "../sw/noted";
import { ownCode } from "../sw/own-code";
import { plainDisposition, saveAs } from "../sw/saved-name";
import { reportForm } from "../sw/sent-form";
import { clearSiteData } from "../sw/site-data";
import { WorkerScripts } from "../sw/worker-script";

declare const give: Give;

give((base) => {
  const { shells, asset } = base;
  const cache = new PrivateCache();
  const guests = new Guests(shells);
  const workerScripts = new WorkerScripts(asset);
  return {
    cache,
    guests,
    guestFirst: new GuestFirst(guests, workerScripts, base),
    Insertion,
    notes: new Notes(),
    admit,
    clearSiteData: (fields, cookies) => clearSiteData(toClear(fields), cache, cookies, guests),
    openJar: (kept, session) => new AppCookies(new Readers(() => shells.all), kept, session),
    ownCode: () => ownCode(asset),
    plainDisposition,
    readBody,
    reportForm,
    saveAs,
    settle,
    workerScripts,
  };
});
