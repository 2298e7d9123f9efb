// Pages with an opaque origin, by `sandbox` of a frame or of a policy: no Service Worker ever sees
// what they ask for. So what they load of the app's own stands in them, and their origin stays
// opaque. What they fetch later is refused, as the app's server mostly would.

import type { OpaquePage } from "../messages/late";

const SELECTORS: Record<string, [selector: string, attribute: string]> = {
  script: ["script[src]", "src"],
  style: ['link[rel~="stylesheet" i][href]', "href"],
  img: ["img[src]", "src"],
};

/** The page as text for `srcdoc`. */
export async function wholePage(page: OpaquePage): Promise<string> {
  const shown = new DOMParser().parseFromString(page.html, "text/html");
  const given = shown.querySelector("base[href]");
  const base = new URL(given?.getAttribute("href") ?? "", page.url).href;
  const loading = page.loads.split(" ").flatMap((kind) => {
    const [selector, attribute] = SELECTORS[kind] ?? ["", ""];
    return selector
      ? [...shown.querySelectorAll(selector)].map((element) => load(element, attribute, base, page))
      : [];
  });
  await Promise.all(loading);
  for (const link of shown.querySelectorAll('a[href^="#"]')) {
    link.setAttribute("href", `about:srcdoc${link.getAttribute("href") ?? ""}`);
    link.setAttribute("target", "_self");
  }
  const head = shown.createElement("base");
  head.href = base;
  if (page.target) head.target = page.target;
  given?.remove();
  shown.head.prepend(head);
  if (page.policy) {
    const meta = shown.createElement("meta");
    meta.httpEquiv = "content-security-policy";
    meta.content = page.policy;
    shown.head.prepend(meta);
  }
  const { doctype } = shown;
  return `${doctype ? "<!doctype html>" : ""}${shown.documentElement.outerHTML}`;
}

async function load(
  element: Element,
  attribute: string,
  base: string,
  { nonce, fetch }: OpaquePage,
): Promise<void> {
  const url = new URL(element.getAttribute(attribute) ?? "", base);
  if (url.origin !== location.origin) return;
  try {
    const response = await fetch(url);
    if (!response.ok) return;
    element.setAttribute(attribute, await dataUrl(await response.blob()));
    if (nonce && attribute !== "img") element.setAttribute("nonce", nonce);
  } catch {
    // It fails there too.
  }
}

export function dataUrl(blob: Blob): Promise<string> {
  const reader = new FileReader();
  return new Promise((resolve) => {
    reader.onload = () => resolve(String(reader.result));
    reader.readAsDataURL(blob);
  });
}
