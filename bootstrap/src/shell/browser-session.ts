// Which session of the browser this is: cookies without an end last as long. The browser shows
// nobody when it was ended, so its own means are asked: what a tab keeps, and a real cookie that ends
// with the session. That one is for a path of which nothing is ever asked of the edge.

import { SESSION_PREFIX } from "../messages/sw-page";

const KEY = "p2claw.session";
/** A page that the Service Worker makes itself: only there the cookie can be read. */
const PAGE = "/__p2claw/session";
const READ_MS = 1_500;

let kept: string | undefined;

// From one document of a tab to the next, and not while the app runs: the storage is the app's.
window.addEventListener("pagehide", () => {
  if (kept !== undefined) sessionStorage.setItem(KEY, kept);
});

/** Its name, "" where nothing has kept one. */
export async function browserSession(): Promise<string> {
  const own = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  if (own) return own;
  if (!navigator.serviceWorker.controller || (await isAlive())) return "";
  return cookieOfPage();
}

/** Keep the name where the next shell, of this tab or another, finds it. */
export function keepSession(name: string): void {
  if (kept === name) return;
  kept = name;
  document.cookie = `${KEY}=${name}; path=${PAGE}; samesite=strict`;
  void navigator.locks.request(SESSION_PREFIX + name, { mode: "shared" }, () => {
    return new Promise(() => undefined);
  });
}

// While a shell lives its lock holds the name, which the Service Worker sees by itself.
async function isAlive(): Promise<boolean> {
  const { held } = await navigator.locks.query().catch(() => ({ held: [] as LockInfo[] }));
  return held?.some(({ name }) => name?.startsWith(SESSION_PREFIX)) ?? false;
}

async function cookieOfPage(): Promise<string> {
  const frame = document.createElement("iframe");
  frame.hidden = true;
  frame.src = PAGE;
  await new Promise((resolve) => {
    frame.onload = resolve;
    setTimeout(resolve, READ_MS);
    document.body.append(frame);
  });
  const text = frame.contentDocument?.cookie ?? "";
  frame.remove();
  return (
    text
      .split("; ")
      .find((pair) => pair.startsWith(`${KEY}=`))
      ?.slice(KEY.length + 1) ?? ""
  );
}
