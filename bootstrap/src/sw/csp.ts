// Content-Security-Policy of the app, made to admit our script and our frame, and nothing else. Pure.

export interface Framing {
  /** The shell is itself framed by another site: what the app says of that must stay true. */
  embedded: boolean;
  secure: boolean;
}

/** Which nonce our tag must carry, "" where it needs none; and the policies to send. */
export interface Admission {
  nonce: string;
  policies: string[];
}

/** `policies`: the values of all Content-Security-Policy fields. ownNonce: for where there is none. */
export function admit(policies: readonly string[], ownNonce: string, framing: Framing): Admission {
  // RFC 9110 §5.6.1: one field may hold several policies.
  const parsed = policies.flatMap((field) => field.split(",")).map(parse);
  const nonce = parsed.map(nonceOf).find((found) => found !== undefined) ?? ownNonce;
  let needed = false;
  const admitted = parsed.map((policy) => {
    needed = admitScript(policy, nonce) || needed;
    admitFrame(policy, framing);
    if (!framing.secure) policy.delete("upgrade-insecure-requests");
    const sandbox = policy.get("sandbox");
    if (sandbox && !sandbox.includes("allow-same-origin")) sandbox.push("allow-same-origin");
    return print(policy);
  });
  return { nonce: needed ? nonce : "", policies: admitted.filter((policy) => policy !== "") };
}

type Policy = Map<string, string[]>;

// CSP3 §2.2.1: the first directive of a name counts.
function parse(text: string): Policy {
  const policy: Policy = new Map();
  for (const directive of text.split(";")) {
    const [name, ...values] = directive.trim().split(/\s+/);
    const key = name?.toLowerCase();
    if (key && !policy.has(key)) policy.set(key, values);
  }
  return policy;
}

function print(policy: Policy): string {
  return [...policy].map(([name, values]) => [name, ...values].join(" ")).join("; ");
}

// CSP3 §6.8: which directive governs a script tag.
function scriptDirective(policy: Policy): string | undefined {
  return ["script-src-elem", "script-src", "default-src"].find((name) => policy.has(name));
}

function nonceOf(policy: Policy): string | undefined {
  const values = policy.get(scriptDirective(policy) ?? "") ?? [];
  for (const value of values) {
    const nonce = /^'nonce-(.+)'$/i.exec(value)?.[1];
    if (nonce) return nonce;
  }
  return undefined;
}

// Whether our tag needs the nonce.
function admitScript(policy: Policy, nonce: string): boolean {
  const name = scriptDirective(policy);
  if (name === undefined) return false;
  const values = policy.get(name) ?? [];
  const lower = values.map((value) => value.toLowerCase());
  const strict = lower.includes("'strict-dynamic'");
  const listed = lower.some((value) => /^'(nonce-|sha(256|384|512)-)/.test(value));
  if (!strict && !listed && lower.includes("'unsafe-inline'")) {
    // A nonce would switch 'unsafe-inline' off.
    if (!lower.includes("'self'")) widen(policy, name, values, "'self'");
    return false;
  }
  if (!lower.includes(`'nonce-${nonce.toLowerCase()}'`)) {
    widen(policy, name, values, `'nonce-${nonce}'`);
  }
  return true;
}

// `default-src` governs more than scripts: they get a directive of their own then.
function widen(policy: Policy, name: string, values: string[], source: string): void {
  const kept = values.filter((value) => value.toLowerCase() !== "'none'");
  policy.set(name === "default-src" ? "script-src" : name, [...kept, source]);
}

// The app's frame has our shell above it, which is of the app's own origin.
function admitFrame(policy: Policy, framing: Framing): void {
  const ancestors = policy.get("frame-ancestors");
  if (!ancestors) return;
  if (!framing.embedded) policy.set("frame-ancestors", ["'self'"]);
  else if (!ancestors.some((value) => /^'(none|self)'$/i.test(value))) ancestors.push("'self'");
}
