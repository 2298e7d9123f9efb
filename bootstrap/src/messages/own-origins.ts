// The app by its other names: the origins of its upstream, which its pages may name when they mean
// themselves (`http://localhost:3000/a.css`). The box sends them with each page. Pure.

// An upstream is a server on the box itself. Nothing else ever counts as it.
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|0\.0\.0\.0)$/;

/** Whether a URL may be the app's by another name, before it is known which names it has. */
export function mayBeOwn(url: URL): boolean {
  return LOOPBACK.test(url.hostname);
}

/** The URL under the name that the app is visited by; undefined where it is not the app's. */
export function renamed(
  url: URL,
  origins: ReadonlySet<string>,
  publicOrigin: string,
): URL | undefined {
  if (!origins.has(url.origin)) return undefined;
  return new URL(publicOrigin + url.pathname + url.search + url.hash);
}
