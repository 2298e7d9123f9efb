// The Headers of responses whose fields are not ASCII, in a browser that shows a page their UTF-8
// (`octets`): they read as the app sent them. It runs in the shell's window, for hardly any app has such
// fields.

import { octetsOf } from "./octets";

type Page = Window & typeof globalThis;

const patched = new WeakMap<Page, WeakSet<Headers>>();

/** From now on the fields of this response, which is the page's, read as the app sent them. */
export function plainOctets(page: Page, response: Response): void {
  let recoded = patched.get(page);
  if (!recoded) {
    recoded = new WeakSet();
    patched.set(page, recoded);
    patch(page, recoded);
  }
  recoded.add(response.headers);
}

function patch({ Headers, Response }: Page, recoded: WeakSet<Headers>): void {
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
