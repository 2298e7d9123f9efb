// What a page adds for the Service Worker to one request, together with that request: in the fragment
// of its URL. Both realms see it, and no network ever does, not even where the request is
// redirected to another origin; a field of ours would be seen there, and cost a preflight.

export interface Marks {
  /** Names the request, so that the page can give it up. */
  request?: string | undefined;
  /** The body that the page handed over under this id. */
  body?: string | undefined;
  /** Its body is a stream, which cannot be sent twice. */
  stream?: string | undefined;
  /** Fields whose values are not ASCII: some browsers show a Service Worker nothing of them. */
  fields?: string | undefined;
  /** The page may be gone before the response comes: it is wanted all the same. */
  keep?: string | undefined;
  /** It opens a WebSocket, whose messages go on the pipe of this id (`socket.ts`). */
  socket?: string | undefined;
  /** Subprotocols that it may have: no script can set a field of that name. */
  protocols?: string | undefined;
  /** It is imported by this version of the app's own service worker. */
  guest?: string | undefined;
  /** From a hidden frame (`sibling.ts`): a redirect is to be seen, not followed. */
  raw?: string | undefined;
  /** Another origin's redirect has led here, from one that is another still: its origin is `null`. */
  tainted?: string | undefined;
  /** A hidden frame has the response already, under this name. */
  held?: string | undefined;
  /** How a page that is gone back to treats the cache. */
  cache?: string | undefined;
}

const OURS = "#p2claw?";
const MARK = /#p2claw\?([^#]*)/;

/** The URL with these marks before its own fragment. */
export function marked(url: string, marks: Marks): string {
  const present = Object.entries(marks).filter(([, value]) => value !== undefined);
  const text = new URLSearchParams(present as [string, string][]).toString();
  const [plain = "", ...fragment] = url.split("#");
  return [plain + OURS + text, ...fragment].join("#");
}

export function marksOf(url: string): Marks {
  const found = MARK.exec(url)?.[1];
  return found === undefined ? {} : Object.fromEntries(new URLSearchParams(found));
}

/** The URL as the app knows it, with its own fragment. */
export function unmarked(url: string): string {
  return url.replace(MARK, "");
}

/** Those of the fields that a mark must carry; undefined where there are none. */
export function fieldsMark(fields: Iterable<[string, string]>): string | undefined {
  const odd = [...fields].filter(([, value]) => /[^\0-\x7f]/.test(value));
  return odd.length ? new URLSearchParams(odd).toString() : undefined;
}

export function fieldsOfMark(mark: string | undefined): Iterable<[string, string]> {
  return new URLSearchParams(mark);
}
