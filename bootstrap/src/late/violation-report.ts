// One report of a violation, as the browser would have sent it. Source: CSP3 §5.

import { OUR_PREFIX } from "../messages/our-paths";
import type { PolicyNote } from "../messages/own-tag";

/** CSP3 §5.3: report-uri counts only where report-to does not. */
export function reportViolation(event: SecurityPolicyViolationEvent, note: PolicyNote): void {
  const { referrer, effectiveDirective, disposition, statusCode, sample } = event;
  const documentUrl = bare(event.documentURI);
  const blocked = bare(event.blockedURI);
  // Our own script stands between the app's and what it asks for.
  const source = event.sourceFile?.includes(OUR_PREFIX) ? "" : bare(event.sourceFile ?? "");
  if (note.to && "ReportingObserver" in window) {
    const { lineNumber, columnNumber } = event;
    const body = {
      ...{ documentURL: documentUrl, referrer, blockedURL: blocked, effectiveDirective },
      ...{ originalPolicy: note.was, sourceFile: source || null, sample, disposition, statusCode },
      ...{ lineNumber, columnNumber },
    };
    const one = { age: 0, type: "csp-violation", url: documentUrl };
    const text = JSON.stringify([{ ...one, user_agent: navigator.userAgent, body }]);
    send(note.to, "application/reports+json", text);
    return;
  }
  const body = {
    ...{ "document-uri": documentUrl, referrer, "violated-directive": effectiveDirective },
    ...{ "effective-directive": effectiveDirective, "original-policy": note.was, disposition },
    ...{ "blocked-uri": blocked, "status-code": statusCode, "script-sample": sample },
    ...(source && {
      "source-file": source,
      "line-number": event.lineNumber,
      "column-number": event.columnNumber,
    }),
  };
  for (const uri of note.uris) {
    send(uri, "application/csp-report", JSON.stringify({ "csp-report": body }));
  }
}

function send(url: string, type: string, body: string): void {
  const headers = { "content-type": type };
  void fetch(url, { method: "POST", headers, body }).catch(() => undefined);
}

// §5.4: a URL without its fragment; of a scheme that no network has, the scheme alone.
function bare(url: string): string {
  const protocol = /^[a-z][a-z\d+.-]*:/i.exec(url)?.[0];
  if (!protocol) return url;
  return /^(https?|wss?):$/.test(protocol) ? (url.split("#", 1)[0] ?? url) : protocol.slice(0, -1);
}
