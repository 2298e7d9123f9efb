// Fields of responses as octets: some browsers read those of a Service Worker's response as text, and
// show the page its UTF-8, so that E9 arrives as C3 A9. Here it becomes what it was.

const recoded = new WeakSet<Headers>();

/** The response, whose fields read as the app sent them. recodes: this browser does so. */
export function plainOctets(response: Response, recodes: boolean): Response {
  if (!recodes || ![...response.headers].some(([, value]) => /[^\0-\x7f]/.test(value))) {
    return response;
  }
  patch();
  recoded.add(response.headers);
  return response;
}

/** One value of such a browser's. */
export function octetsOf(value: string): string {
  if (!/[^\0-\x7f]/.test(value)) return value;
  const bytes = Uint8Array.from(value, (char) => char.charCodeAt(0));
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return value;
  }
}

let patched = false;

// Only once it is needed: hardly any app has such fields.
function patch(): void {
  if (patched) return;
  patched = true;
  const own = Headers.prototype;
  const { get, entries, forEach } = own;
  own.get = function (name: string): string | null {
    const value = get.call(this, name);
    return value !== null && recoded.has(this) ? octetsOf(value) : value;
  };
  const all = function* (this: Headers): Generator<[string, string], undefined> {
    for (const [name, value] of entries.call(this)) {
      yield [name, recoded.has(this) ? octetsOf(value) : value];
    }
  };
  own.entries = own[Symbol.iterator] = all as unknown as Headers["entries"];
  own.values = function* (this: Headers): Generator<string, undefined> {
    for (const [, value] of all.call(this)) yield value;
  } as unknown as Headers["values"];
  own.forEach = function (
    this: Headers,
    ...[callback, self]: Parameters<Headers["forEach"]>
  ): void {
    if (!recoded.has(this)) forEach.call(this, callback, self);
    else for (const [name, value] of all.call(this)) callback.call(self, value, name, this);
  };
  const { clone } = Response.prototype;
  Response.prototype.clone = function (): Response {
    const made = clone.call(this);
    if (recoded.has(this.headers)) recoded.add(made.headers);
    return made;
  };
}
