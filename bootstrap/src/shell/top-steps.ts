// Where the app sends the tab: what it means by `top` is its own frame, so the frame goes there. An
// app that leads its tab away because it finds itself framed stays where it is.

import { isOwn } from "./urls";

/** Load the shell itself again. */
export function reloadTab(): void {
  location.reload();
}

export interface TopSteps {
  /** The document that the frame shows or loads; undefined: none yet. */
  shown(): string | undefined;
  /** For how long it has been there; undefined: there is none yet. */
  ageMs(): number | undefined;
  go(url: string, how: "push" | "replace"): void;
  /** The app would not be framed. wild: again and again. */
  busted(wild: boolean): void;
}

// An app that leads from one of its pages to the next so often is not led by a person.
const WILD = 8;
const WILD_MS = 4_000;

export function followTop(frame: TopSteps): void {
  const navigation: unknown = Reflect.get(window, "navigation");
  const times: number[] = [];
  if (!(navigation instanceof EventTarget)) {
    window.addEventListener("pagehide", () => {
      if ((frame.ageMs() ?? SOON_MS) < SOON_MS) noteBust();
    });
    return;
  }
  navigation.addEventListener("navigate", (event) => {
    const step = event as AppNavigateEvent;
    const { url, sameDocument } = step.destination;
    const shown = frame.shown();
    const ours = isOwn(url) && !step.formData;
    if (!event.cancelable || !ours || sameDocument || shown === undefined) return;
    if (step.navigationType === "reload") return; // the whole tab may as well
    const now = performance.now();
    times.push(now);
    const wild = times.filter((time) => time > now - WILD_MS).length > WILD;
    event.preventDefault();
    if (wild || url === shown) frame.busted(wild);
    else frame.go(url, step.navigationType === "push" ? "push" : "replace");
  });
}

// If no event reports such steps the tab is loaded anew, and that is counted from one of its
// documents to the next.
const NOTE = "p2claw.busted";
const MOST = 2;
const SOON_MS = 2_000;

function noteBust(): void {
  try {
    sessionStorage.setItem(NOTE, `${busts + 1} ${location.href}`);
  } catch {
    // No storage here, and no end of it.
  }
}

// Removed at once: the storage is the app's.
function takeBusts(): number {
  try {
    const [count, url] = (sessionStorage.getItem(NOTE) ?? "").split(" ");
    sessionStorage.removeItem(NOTE);
    return url === location.href ? Number(count) : 0;
  } catch {
    return 0; // no storage here
  }
}

const busts = takeBusts();

/** Whether the app has led its tab to where it is so often that it would go on for ever. type: how
 * the tab has come to it, which for a person who reloads it is "reload". */
export function isBusted(type: string): boolean {
  return busts >= MOST && type === "navigate";
}
