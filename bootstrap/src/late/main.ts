// What few visits need: loaded by the shell, into its own window, when something asks for it.

import type { Late } from "../messages/late";
import { listApps } from "./app-list";
import { cookieStoreFor } from "../inject/cookie-store-acts";
import { followsEvents } from "../inject/event-source-reading";
import { plainOctets } from "../inject/octets-of-headers";
import { socketsOf } from "../inject/socket-traffic";
import { enteredInto, restore } from "./fields";
import { judge } from "./judging";
import { Mirror } from "./mirror";
import { measureNear } from "./near";
import { sandboxed } from "./opaque";
import { showOpaque } from "./opaque-document";
import { problemPage } from "./problem-page";
import { hasRelay } from "./relay-budget";
import { problemText } from "./problem-texts";
import { wrongKey } from "./wrong-key";
import { signIn } from "./sign-in";
import { sendSync, syncFailed } from "./sync-sending";
import { update } from "./newer-shell";
import { unhide } from "./unhide";
import { reportViolation } from "./violation-report";
import { showTree } from "./xml-tree";

const style = new CSSStyleSheet();
style.replaceSync(__LATE_STYLE__);
document.adoptedStyleSheets.push(style);

export const late: Late = {
  listApps,
  sandboxed,
  // Of every visit that has shown a page.
  mirrorOf: (host) => {
    measureNear();
    return new Mirror(host);
  },
  reportViolation,
  problemPage,
  problemText: (code, names) => problemText(code, names, hasRelay()),
  judge,
  wrongKey,
  showTree,
  signIn,
  update,
  unhide: (page) => unhide(page as Window),
  enteredInto,
  cookieStoreFor: (page, ...given) => cookieStoreFor(page as Window & typeof globalThis, ...given),
  followsEvents: (page, ask) => followsEvents(page as typeof globalThis, ask),
  plainOctets: (page, response) => plainOctets(page as Window & typeof globalThis, response),
  socketsOf: (page, realm) => socketsOf(page as typeof globalThis, realm),
  showOpaque,
  sendSync: (xhr, opened, page) =>
    sendSync(xhr as XMLHttpRequest, opened, page as Window & typeof globalThis),
  syncFailed: (page, ...given) => syncFailed(page as Window & typeof globalThis, ...given),
  restore,
};
