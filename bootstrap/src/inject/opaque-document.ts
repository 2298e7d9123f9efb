// In place of a page whose policy gives it an opaque origin: its text stands in ours unread, and
// goes into a frame that has that origin.

import type { Place } from "./find-shell";

export function showOpaque(script: HTMLScriptElement, tokens: string, place: Place): void {
  const { nonce } = script;
  const loads = script.dataset["loads"] ?? "";
  document.addEventListener("DOMContentLoaded", () => void show(), { once: true });

  async function show(): Promise<void> {
    const html = document.querySelector("plaintext")?.textContent ?? "";
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", `${tokens} allow-top-navigation-by-user-activation`.trim());
    // Set by the object model: a policy against inline styles does not see it.
    frame.style.cssText = "position:fixed;inset:0;width:100%;height:100%;border:0";
    const url = location.href;
    const target = place.isTop ? "_top" : "_parent";
    const { wholePage } = await place.shell.late();
    const page = { html, url, loads, nonce, policy: "", target, fetch: window.fetch };
    frame.srcdoc = await wholePage(page);
    document.title = new DOMParser().parseFromString(html, "text/html").title;
    document.body.replaceChildren(frame);
    if (!place.isTop) passMessages(frame);
  }
}

// The page around this one and the page within speak to each other as if we were not between them.
function passMessages(frame: HTMLIFrameElement): void {
  window.addEventListener("message", (event) => {
    const { data, source, ports: given } = event;
    const ports = [...given];
    event.stopImmediatePropagation();
    if (source !== frame.contentWindow) {
      frame.contentWindow?.postMessage(data, "*", ports);
      return;
    }
    const above = window.parent as Window & typeof globalThis;
    const said = { data: data as unknown, origin: "null", source: window, ports };
    above.dispatchEvent(new above.MessageEvent("message", said));
  });
}
