// Files that browsers fetch past the Service Worker for a tab, or to install its app: as data.

import { dataUrl } from "./opaque";

const ICON_BYTES = 262_144;
// Of a manifest's pictures, which go into it.
const PICTURE_BYTES = 1_048_576;

const known = new Map<string, Promise<string | undefined>>();

/** An icon as data. Another site's stays as it is, for the browser has it off the network; so does
 * a Blob of the page's, which our own policy would not let the shell fetch. */
export function icon(url: string, most = ICON_BYTES): Promise<string | undefined> {
  const had = known.get(url) ?? fetched(url, most).catch(() => undefined);
  known.set(url, had);
  return had;
}

async function fetched(url: string, most: number): Promise<string | undefined> {
  if (isBlob(url) || new URL(url).origin !== location.origin) return url; // data: too
  const response = await fetch(url);
  if (!response.ok) return undefined;
  const blob = await response.blob();
  if (!blob.size || blob.size > most || blob.type.startsWith("text/")) return undefined;
  return dataUrl(blob);
}

// Its origin is that of the page that made it.
function isBlob(url: string): boolean {
  return url.startsWith("blob:");
}

/** Members that are URLs, in a manifest and in what it lists. */
const URLS = ["start_url", "scope", "id", "src", "url", "action", "scope_extensions"];

/** A manifest as data, with whole URLs; undefined where this browser makes nothing of one. */
export async function manifest(
  url: string,
  page: () => EventTarget | undefined,
): Promise<string | undefined> {
  const installs = "onbeforeinstallprompt" in window;
  if (!installs && !matchMedia("(pointer: coarse)").matches) return undefined;
  if (installs) passOn(page);
  // Within a Blob all URLs are whole: it has none that others could be relative to.
  if (isBlob(url)) return url;
  const response = await fetch(url).catch(() => undefined);
  if (!response?.ok) return undefined;
  const manifest: unknown = await response.json().catch(() => undefined);
  if (!isRecord(manifest)) return undefined;
  const start = String(manifest["start_url"] ?? location.href);
  manifest["start_url"] = new URL(start, url).href;
  // Of the file itself, whose URL the data has not.
  manifest["scope"] ??= new URL(".", String(manifest["start_url"])).href;
  await resolved(manifest, url);
  return dataUrl(new Blob([JSON.stringify(manifest)], { type: "application/manifest+json" }));
}

async function resolved(within: Record<string, unknown>, base: string): Promise<void> {
  for (const [name, value] of Object.entries(within)) {
    if (typeof value === "string" && URLS.includes(name)) {
      const whole = new URL(value, name === "id" ? location.origin : base).href;
      within[name] = name === "src" ? ((await icon(whole, PICTURE_BYTES)) ?? whole) : whole;
    }
    for (const each of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (isRecord(each)) await resolved(each, base);
    }
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

interface InstallEvent extends Event {
  prompt?: () => Promise<unknown>;
  userChoice?: Promise<unknown>;
  platforms?: string[];
}

let passing = false;

// The browser tells the top of the tab that the app can be installed, and the app listens below it.
function passOn(page: () => EventTarget | undefined): void {
  if (passing) return;
  passing = true;
  const pass = (event: InstallEvent): void => {
    const { type, cancelable, platforms, userChoice } = event;
    const copy = new Event(type, { cancelable });
    const prompt = (): unknown => event.prompt?.();
    if (event.prompt) Object.assign(copy, { platforms, userChoice, prompt });
    if (page()?.dispatchEvent(copy) === false) event.preventDefault();
  };
  window.addEventListener("beforeinstallprompt", pass);
  window.addEventListener("appinstalled", pass);
}
