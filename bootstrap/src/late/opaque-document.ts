// In place of a page whose policy gives it an opaque origin: its text stands in one of the app's unread,
// and goes into a frame that has that origin.

import type { OpaqueTag } from "../messages/late";
import { wholePage } from "./opaque";

export function showOpaque(page: Window, tag: OpaqueTag): void {
  const { tokens, loads, nonce, isTop, fetch } = tag;
  const { document: shown } = page;
  if (shown.readyState === "loading")
    shown.addEventListener("DOMContentLoaded", () => void show(), { once: true });
  else void show();

  async function show(): Promise<void> {
    const html = shown.querySelector("plaintext")?.textContent ?? "";
    const frame = shown.createElement("iframe");
    frame.setAttribute("sandbox", `${tokens} allow-top-navigation-by-user-activation`.trim());
    // Set by the object model: a policy against inline styles does not see it.
    frame.style.cssText = "position:fixed;inset:0;width:100%;height:100%;border:0";
    const url = shown.location.href;
    const target = isTop ? "_top" : "_parent";
    frame.srcdoc = await wholePage({ html, url, loads, nonce, policy: "", target, fetch });
    shown.title = new DOMParser().parseFromString(html, "text/html").title;
    shown.body.replaceChildren(frame);
    if (!isTop) tag.passTo(frame);
  }
}
