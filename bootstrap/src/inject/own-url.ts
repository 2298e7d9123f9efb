// Whether a URL is the app's: what goes elsewhere is left to the browser.

const OURS = "/__p2claw/";

/** The absolute URL, where it is the app's own and not one of our files. */
export function appUrl(url: string | URL): URL | undefined {
  try {
    const absolute = new URL(url, document.baseURI);
    const own = absolute.origin === location.origin && !absolute.pathname.startsWith(OURS);
    return own ? absolute : undefined;
  } catch {
    return undefined;
  }
}
