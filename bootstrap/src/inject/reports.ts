// Sends the reports of violations that go to the app's own origin: the browser's own would pass the
// Service Worker by. And violations name the app's policy, without our part of it.

import type { ShellApi } from "../messages/frame-shell";
import { OUR_PREFIX } from "../messages/our-paths";
import type { PolicyNote } from "../messages/own-tag";

const OURS = /; script-src-elem [^;]*'nonce-p2claw-[^;]*|\s'nonce-p2claw-[^']*'/g;

export function followReports(shell: ShellApi, notes: PolicyNote[]): void {
  const { prototype } = SecurityPolicyViolationEvent;
  const native = Object.getOwnPropertyDescriptor(prototype, "originalPolicy");
  const originalOf = (event: SecurityPolicyViolationEvent): string =>
    String(native?.get?.call(event));
  const noteOf = (event: SecurityPolicyViolationEvent): PolicyNote | undefined => {
    const original = plain(originalOf(event));
    const alike = notes.filter((note) => note.reportOnly === (event.disposition === "report"));
    return alike.find((note) => plain(note.sent) === original);
  };
  Object.defineProperty(prototype, "originalPolicy", {
    ...native,
    get(this: SecurityPolicyViolationEvent) {
      return noteOf(this)?.was ?? originalOf(this).replace(OURS, "");
    },
  });
  const reported = new Set<string>();
  // First of all, so that the app cannot stop it on its way.
  const listener = (event: SecurityPolicyViolationEvent): void => {
    const { effectiveDirective, blockedURI, sourceFile, lineNumber, columnNumber } = event;
    const what = [originalOf(event), effectiveDirective, blockedURI].join();
    const place = [what, sourceFile, lineNumber, columnNumber].join();
    // Some browsers count it as the page's when our Service Worker is looked for anew.
    if (blockedURI.includes(OUR_PREFIX)) {
      event.stopImmediatePropagation();
      return;
    }
    // Some look again at the response of a Service Worker, and know of no place then. The page gets
    // that event too: the first one may have come before any listener of its own was there.
    if (!sourceFile && !lineNumber && reported.has(what)) return;
    const note = noteOf(event);
    // Browsers report the same of a page only once.
    if (note && !reported.has(place)) {
      void shell.late().then((late) => late.reportViolation(event, note));
    }
    reported.add(what).add(place);
  };
  window.addEventListener("securitypolicyviolation", listener, true);
}

// Browsers write a policy in their own way.
function plain(policy: string): string {
  return policy
    .toLowerCase()
    .split(/[\s;]+/)
    .filter(Boolean)
    .sort()
    .join(" ");
}
