// What a page tells the Service Worker of one request, together with that request: in the fragment
// of its URL. Both realms see it, and no network ever does, not even where the request is
// redirected to another origin; a field of ours would be seen there, and cost a preflight.

export interface Marks {
  /** Names the request, so that the page can give it up. */
  request?: string | undefined;
  /** The body that the page handed over under this id. */
  body?: string | undefined;
}

const OURS = "p2claw?";

/** The URL with these marks in place of its own fragment. */
export function marked(url: string, marks: Marks): string {
  const said = Object.entries(marks).filter(([, value]) => value !== undefined);
  const plain = url.split("#", 1)[0] ?? url;
  return `${plain}#${OURS}${new URLSearchParams(said as [string, string][]).toString()}`;
}

export function marksOf(url: string): Marks {
  const fragment = url.slice(url.indexOf("#") + 1);
  if (!url.includes("#") || !fragment.startsWith(OURS)) return {};
  const said = new URLSearchParams(fragment.slice(OURS.length));
  return { request: said.get("request") ?? undefined, body: said.get("body") ?? undefined };
}

/** The URL without our marks; a fragment of the app's own stays. */
export function unmarked(url: string): string {
  const at = url.indexOf(`#${OURS}`);
  return at < 0 ? url : url.slice(0, at);
}
