// Content-Security-Policy of the app, made to admit our script and our frame, and nothing else. Pure.

import { allFrame, mayBeFramed } from "./framing";
import type { Admission, Policies, Surroundings } from "./policed";
import {
  type Policy,
  admitsOrigin,
  inlineAllowed,
  listed,
  parsePolicies,
  printPolicy,
  sourcesOf,
} from "./policy";
import { takeReports } from "./reports";

const KINDS = ["script", "style", "img"] as const;

export function admit(given: Policies, around: Surroundings): Admission {
  const { origin } = around;
  const enforced = parsePolicies(given.enforced);
  const reportOnly = parsePolicies(given.reportOnly);
  const all = [...enforced, ...reportOnly];
  const originals = all.map(printPolicy);
  const alone = !mayBeFramed(enforced, given.frameOptions, origin);
  const tokens = sandboxOf(enforced);
  const opaque =
    around.html && tokens !== undefined
      ? { tokens, loads: KINDS.filter(loaded).join(" ") }
      : undefined;
  const nonce = all.map(nonceOf).find((found) => found !== undefined) ?? around.ownNonce;
  const inline = all.some((policy) => inlineOnly(policy, origin));
  const { notes, endpoints } = takeReports(all, originals, given.endpoints, around);
  const needed = around.html && all.map((policy) => admitScript(policy, nonce, inline, origin));
  for (const policy of enforced) {
    allFrame(policy, around.embedded);
    if (!origin.startsWith("https:")) policy.delete("upgrade-insecure-requests");
  }
  if (opaque) for (const policy of all) admitOpaque(policy, nonce, origin);
  const fields: [string, string][] = endpoints.map((value) => ["reporting-endpoints", value]);
  const add = (name: string, policies: Policy[]): void => {
    for (const text of policies.map(printPolicy)) if (text) fields.push([name, text]);
  };
  add("content-security-policy", enforced);
  add("content-security-policy-report-only", reportOnly);
  if (around.embedded)
    for (const value of given.frameOptions) fields.push(["x-frame-options", value]);
  return {
    nonce: needed && (opaque || needed.includes(true)) ? nonce : "",
    inline,
    fields,
    alone,
    opaque,
    notes: notes.map(({ policy, ...note }) => ({
      ...note,
      sent: printPolicy(policy),
      reportOnly: reportOnly.includes(policy),
    })),
  };

  function loaded(kind: (typeof KINDS)[number]): boolean {
    return all.every((policy) => {
      const sources = sourcesOf(policy, kind);
      return !sources || admitsOrigin(sources, origin);
    });
  }
}

function nonceOf(policy: Policy): string | undefined {
  for (const value of sourcesOf(policy, "script") ?? []) {
    const nonce = /^'nonce-(.+)'$/i.exec(value)?.[1];
    if (nonce) return nonce;
  }
  return undefined;
}

// A nonce would switch 'unsafe-inline' off, and a URL would admit more than our script.
function inlineOnly(policy: Policy, origin: string): boolean {
  const sources = sourcesOf(policy, "script");
  return sources !== undefined && inlineAllowed(sources) && !admitsOrigin(sources, origin);
}

// Whether our tag needs the nonce. A nonce that nobody can guess admits nothing but our tag.
function admitScript(policy: Policy, nonce: string, inline: boolean, origin: string): boolean {
  const sources = sourcesOf(policy, "script");
  if (!sources || inlineAllowed(sources)) return false;
  if (!inline && !listed(sources, "'strict-dynamic'") && admitsOrigin(sources, origin))
    return false;
  addNonce(policy, "script", sources, nonce);
  return true;
}

// Of tags alone: what else falls back to the same sources keeps them.
function addNonce(policy: Policy, kind: string, sources: string[], nonce: string): void {
  const ours = `'nonce-${nonce}'`;
  if (sources.includes(ours)) return;
  const kept = sources.filter((source) => source.toLowerCase() !== "'none'");
  policy.set(`${kind}-src-elem`, [...kept, ours]);
}

// Its scripts, styles and images of the app's own cannot come by their URLs: they stand in the page.
function admitOpaque(policy: Policy, nonce: string, origin: string): void {
  policy.delete("sandbox");
  for (const kind of KINDS) {
    const sources = sourcesOf(policy, kind);
    if (!sources || !admitsOrigin(sources, origin)) continue;
    // Where any text may be a script, `data:` admits no more.
    if (kind === "img") policy.set("img-src", [...sources, "data:"]);
    else if (inlineAllowed(sources)) policy.set(`${kind}-src-elem`, [...sources, "data:"]);
    else addNonce(policy, kind, sources, nonce);
  }
}

// The tokens that all policies with a sandbox allow; undefined: the origin stays.
function sandboxOf(policies: Policy[]): string | undefined {
  const lists = policies.flatMap((policy) => {
    const tokens = policy.get("sandbox");
    return tokens ? [tokens.map((token) => token.toLowerCase())] : [];
  });
  const common = (lists[0] ?? []).filter((token) => lists.every((list) => list.includes(token)));
  return lists.length && !common.includes("allow-same-origin") ? common.join(" ") : undefined;
}
