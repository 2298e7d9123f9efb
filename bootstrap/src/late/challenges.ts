// WWW-Authenticate: which ways of signing in an app offers, and what is sent in reply. Source: RFC 9110
// §11.6.1, RFC 7617 (Basic), RFC 7616 (Digest).

import { hex, md5 } from "./md5";

export interface Credentials {
  user: string;
  password: string;
}

export interface Challenge {
  scheme: "basic" | "digest";
  realm: string;
  parameters: Map<string, string>;
}

/** What browsers would take of these, the stronger first; undefined: none of ours. */
export function chooseChallenge(fields: readonly string[]): Challenge | undefined {
  const found: Challenge[] = [];
  let parameters = new Map<string, string>();
  const text = fields.join(", ");
  for (const [, name = "", quoted, bare] of text.matchAll(
    /([^\s,="]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+)))?/g,
  )) {
    const value = quoted?.replace(/\\(.)/g, "$1") ?? bare;
    const word = name.toLowerCase();
    if (value !== undefined) {
      parameters.set(word, value);
      continue;
    }
    parameters = new Map();
    if (word === "basic" || word === "digest") found.push({ scheme: word, realm: "", parameters });
  }
  const known = found.filter((one) => one.scheme === "basic" || isComputable(one));
  const best = known.find((one) => one.scheme === "digest") ?? known[0];
  return best && { ...best, realm: best.parameters.get("realm") ?? "" };
}

function isComputable({ parameters }: Challenge): boolean {
  const qop = parameters.get("qop")?.toLowerCase();
  return algorithmOf(parameters) !== undefined && (qop === undefined || /\bauth\b(?!-)/.test(qop));
}

function algorithmOf(parameters: Map<string, string>): RegExpExecArray | undefined {
  const name = parameters.get("algorithm") ?? "MD5";
  return /^(md5|sha-256)(-sess)?$/i.exec(name) ?? undefined;
}

export function basicField({ user, password }: Credentials): string {
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

/** Authorization for one request. `target`: as it is sent. */
export async function digestField(
  { parameters, realm }: Challenge,
  { user, password }: Credentials,
  method: string,
  target: string,
  cnonce = crypto.randomUUID(),
): Promise<string> {
  const [, name, session] = algorithmOf(parameters) ?? [];
  const nonce = parameters.get("nonce") ?? "";
  const count = "00000001";
  const hash = async (...parts: string[]): Promise<string> => {
    const bytes = new TextEncoder().encode(parts.join(":"));
    return name?.toLowerCase() === "md5"
      ? md5(bytes)
      : hex(await crypto.subtle.digest("SHA-256", bytes));
  };
  const plain = await hash(user, realm, password);
  const secret = session ? await hash(plain, nonce, cnonce) : plain;
  const what = await hash(method, target);
  const counted = parameters.has("qop");
  const response = counted
    ? await hash(secret, nonce, count, cnonce, "auth", what)
    : await hash(secret, nonce, what);
  const quoted = { username: user, realm, nonce, uri: target, response };
  const parts = Object.entries(quoted).map(([key, value]) => `${key}="${escaped(value)}"`);
  const opaque = parameters.get("opaque");
  if (opaque !== undefined) parts.push(`opaque="${escaped(opaque)}"`);
  if (parameters.has("algorithm")) parts.push(`algorithm=${parameters.get("algorithm") ?? ""}`);
  if (counted) parts.push("qop=auth", `nc=${count}`);
  if (counted || session) parts.push(`cnonce="${cnonce}"`);
  return `Digest ${parts.join(", ")}`;
}

function escaped(text: string): string {
  // A field has octets; what is no ASCII goes as UTF-8, as browsers send it.
  const octets = String.fromCharCode(...new TextEncoder().encode(text));
  return octets.replace(/["\\]/g, "\\$&");
}
