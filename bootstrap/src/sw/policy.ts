// A Content-Security-Policy, taken apart and asked. Pure. Source: CSP3.

/** Sources by name of the directive, in the order of the text. */
export type Policy = Map<string, string[]>;

/** `fields`: RFC 9110 §5.6.1, one field may hold several policies. */
export function parsePolicies(fields: readonly string[]): Policy[] {
  return fields.flatMap((field) => field.split(",")).map(parse);
}

// §2.2.1: the first directive of a name counts.
function parse(text: string): Policy {
  const policy: Policy = new Map();
  for (const directive of text.split(";")) {
    const [name, ...values] = directive.trim().split(/\s+/);
    const key = name?.toLowerCase();
    if (key && !policy.has(key)) policy.set(key, values);
  }
  return policy;
}

export function printPolicy(policy: Policy): string {
  return [...policy].map(([name, values]) => [name, ...values].join(" ")).join("; ");
}

/** §6.8: what governs tags of scripts, of styles, or images; undefined: nothing. */
export function sourcesOf(policy: Policy, kind: "script" | "style" | "img"): string[] | undefined {
  const names = [`${kind}-src-elem`, `${kind}-src`, "default-src"];
  const name = names.find((candidate) => policy.has(candidate));
  return name === undefined ? undefined : policy.get(name);
}

/** §6.7.3.2: 'unsafe-inline' counts where nothing stricter stands beside it. */
export function inlineAllowed(sources: string[]): boolean {
  const strict = /^'(nonce-|sha(256|384|512)-|strict-dynamic')/i;
  return !sources.some((source) => strict.test(source)) && listed(sources, "'unsafe-inline'");
}

export function listed(sources: string[], word: string): boolean {
  return sources.some((source) => source.toLowerCase() === word);
}

/** §6.7.2.7: every path of this origin. A source that names a path is not taken for that. */
export function admitsOrigin(sources: string[], origin: string): boolean {
  const { protocol, host, hostname } = new URL(origin);
  return sources.some((source) => {
    const lower = source.toLowerCase();
    if (lower === "'self'" || lower === "*" || lower === protocol) return true;
    const bare = lower.replace(/\/$/, "").replace(`${protocol}//`, "");
    const [name = "", port] = bare.split(":");
    const named = name.startsWith("*.") ? hostname.endsWith(name.slice(1)) : name === hostname;
    return named && (port === "*" || bare.slice(name.length) === host.slice(hostname.length));
  });
}
