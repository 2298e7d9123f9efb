// Which of the rules between origins a request meets, and whether a response admits who asks. Pure.
// Source: Fetch §2.2, §3.3 "CORS protocol", §4.9 "CORS check"; names of steps are the standard's.

export type Fields = readonly (readonly [string, string])[];

// Set by browsers, whatever a script says: they ask nobody whether they may.
const NOBODYS =
  /^(sec-.*|proxy-.*|access-control-request-.*|user-agent|accept-charset|accept-encoding|connection|content-length|cookie2?|date|dnt|expect|host|keep-alive|origin|referer|set-cookie|te|trailer|transfer-encoding|upgrade|upgrade-insecure-requests|via)$/;
// CORS-unsafe request-header byte.
const UNSAFE = /[\0-\x08\x0a-\x1f"():<>?@[\\\]{}\x7f]/;
const SIMPLE_TYPE =
  /^(application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)\s*(;|$)/i;
const VALUE_BYTES = 128;
const VALUES_BYTES = 1_024;

const SAFE_RESPONSE_FIELDS = new Set([
  "cache-control",
  "content-language",
  "content-length",
  "content-type",
  "expires",
  "last-modified",
  "pragma",
]);

/** What a request may be without asking first: "CORS-safelisted method". */
export function isSafelistedMethod(method: string): boolean {
  return /^(GET|HEAD|POST)$/.test(method);
}

/** "CORS-safelisted request-header". */
export function isSafelisted(name: string, value: string): boolean {
  if (value.length > VALUE_BYTES) return false;
  switch (name) {
    case "accept":
      return !UNSAFE.test(value);
    case "accept-language":
    case "content-language":
      return /^[0-9A-Za-z *,\-.;=]*$/.test(value);
    case "content-type":
      return !UNSAFE.test(value) && SIMPLE_TYPE.test(value.trim());
    case "range":
      return /^bytes=\d+-\d*$/.test(value);
    default:
      return false;
  }
}

/** "CORS-unsafe request-header names": sorted, in lower case. */
export function unsafeNames(fields: Fields): string[] {
  const set = fields
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => !NOBODYS.test(name));
  const unsafe = set.filter(([name, value]) => !isSafelisted(name, value));
  const safe = set.filter(([name, value]) => isSafelisted(name, value));
  const bytes = safe.reduce((sum, [, value]) => sum + value.length, 0);
  const names = [...unsafe, ...(bytes > VALUES_BYTES ? safe : [])].map(([name]) => name);
  return [...new Set(names)].sort();
}

/** What a script may say of fields without being asked; the rest of them is left out. */
export function safelisted(fields: Fields): Fields {
  return fields.filter(([name, value]) => isSafelisted(name.toLowerCase(), value));
}

/** What a script has set, without what is the browser's. */
export function authored(fields: Fields): Fields {
  return fields.filter(([name]) => !NOBODYS.test(name.toLowerCase()));
}

/** "CORS check". undefined: the response may be read. Else why not. */
export function corsFault(
  fields: Fields,
  origin: string,
  credentials: boolean,
): string | undefined {
  const allowed = valueOf(fields, "access-control-allow-origin");
  if (allowed === undefined) return "it has no 'Access-Control-Allow-Origin'";
  if (allowed === "*" && !credentials) return undefined;
  if (allowed === "*") return "'Access-Control-Allow-Origin' is '*', and credentials go along";
  if (allowed !== origin) return `'Access-Control-Allow-Origin' is '${allowed}'`;
  if (!credentials || valueOf(fields, "access-control-allow-credentials") === "true")
    return undefined;
  return "'Access-Control-Allow-Credentials' is not 'true'";
}

/** "CORS-preflight fetch", step 7. What the response to a preflight allows. */
export interface Allowed {
  methods: ReadonlySet<string>;
  names: ReadonlySet<string>;
}

export function allowedBy(fields: Fields): Allowed {
  return {
    methods: new Set(listOf(fields, "access-control-allow-methods")),
    names: new Set(
      listOf(fields, "access-control-allow-headers").map((name) => name.toLowerCase()),
    ),
  };
}

/** undefined: it may be sent. */
export function preflightFault(
  { methods, names }: Allowed,
  method: string,
  unsafe: readonly string[],
  credentials: boolean,
): string | undefined {
  const any = !credentials && methods.has("*");
  if (!isSafelistedMethod(method) && !methods.has(method) && !any)
    return `'Access-Control-Allow-Methods' does not name ${method}`;
  // The standard has `*` not mean `authorization`; both families of browsers take it for that too.
  const missing = unsafe.find((name) => !names.has(name) && (credentials || !names.has("*")));
  return missing === undefined
    ? undefined
    : `'Access-Control-Allow-Headers' does not name '${missing}'`;
}

/** The fields that who asks may see. */
export function exposed(fields: Fields, credentials: boolean): [string, string][] {
  const values = listOf(fields, "access-control-expose-headers").map((name) => name.toLowerCase());
  const all = values.includes("*") && !credentials;
  return fields
    .filter(([name]) => all || SAFE_RESPONSE_FIELDS.has(name) || values.includes(name))
    .filter(([name]) => !/^set-cookie2?$/.test(name))
    .map(([name, value]) => [name, value]);
}

/** "Cross-Origin Resource Policy check". embedder: the embedder policy of who asks. */
export function mayBeEmbedded(fields: Fields, sameSite: boolean, embedder: string): boolean {
  const policy = valueOf(fields, "cross-origin-resource-policy");
  if (policy === "same-origin") return false;
  if (policy === "same-site") return sameSite;
  return policy === "cross-origin" || embedder !== "require-corp";
}

export function valueOf(fields: Fields, name: string): string | undefined {
  const values = fields.filter(([key]) => key === name).map(([, value]) => value.trim());
  return values.length ? values.join(", ") : undefined;
}

function listOf(fields: Fields, name: string): string[] {
  const items = valueOf(fields, name)?.split(",") ?? [];
  return items.map((item) => item.trim()).filter(Boolean);
}
