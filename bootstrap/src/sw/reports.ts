// Reports of violations: those that go to the app's own origin would pass the link by, so they are
// taken out of the policies, and the page itself sends them (inject/reports). Pure.

import type { PolicyNote } from "../messages/own-tag";
import type { Policy } from "./policy";

type Taken = Omit<PolicyNote, "sent" | "reportOnly"> & { policy: Policy };

/** Changes `policies`. Returns the values of Reporting-Endpoints that stay. */
export function takeReports(
  policies: Policy[],
  originals: string[],
  endpoints: readonly string[],
  { origin, url }: { origin: string; url: string },
): { notes: Taken[]; endpoints: string[] } {
  const own = (target: string): string | undefined => {
    try {
      const absolute = new URL(target, url);
      return absolute.origin === origin ? absolute.href : undefined;
    } catch {
      return undefined;
    }
  };
  const named = new Map<string, string>();
  const kept: string[] = [];
  for (const [, item, name, target] of endpoints
    .join(",")
    .matchAll(/\s*(([a-z*][\w.*-]*)\s*=\s*"([^"]*)"[^,]*)/gi)) {
    const ours = own(target ?? "");
    if (ours && name) named.set(name, ours);
    else if (item) kept.push(item);
  }
  const notes: Taken[] = [];
  for (const [i, policy] of policies.entries()) {
    const uris = (policy.get("report-uri") ?? []).map(own).filter((uri) => uri !== undefined);
    const to = named.get(policy.get("report-to")?.[0] ?? "") ?? "";
    if (to) policy.delete("report-to");
    if (uris.length || to) {
      const foreign = (policy.get("report-uri") ?? []).filter((uri) => own(uri) === undefined);
      if (foreign.length) policy.set("report-uri", foreign);
      else policy.delete("report-uri");
      notes.push({ policy, was: originals[i] ?? "", uris, to });
    }
  }
  return { notes, endpoints: kept };
}
