// Pages with an opaque origin, by `sandbox` of a frame or of a policy: no Service Worker ever sees
// what they ask for. So what they load of the app's own stands in them, and their origin stays
// opaque. What they fetch later is refused, as the app's server mostly would.

interface OpaquePage {
  html: string;
  url: string;
  /** Kinds that its policies let it load from the app: "script style img". */
  loads: string;
  /** For policies that admit a nonce and no `data:`; "" where none does. */
  nonce: string;
  /** A policy that must stand in the page itself. */
  policy: string;
  /** Where links lead. */
  target: string;
  /** Of the page of the app that shows it. */
  fetch: typeof fetch;
}

const FRAME_LOADS = "script style img";
const SELECTORS: Record<string, [selector: string, attribute: string]> = {
  script: ["script[src]", "src"],
  style: ['link[rel~="stylesheet" i][href]', "href"],
  img: ["img[src]", "src"],
};

/** The page of a frame that `sandbox` gives that origin. Raises what `ask` raises. */
export async function sandboxed(url: URL, ask: typeof fetch): Promise<string> {
  const response = await ask(url, { headers: { accept: "text/html,*/*;q=0.8" } });
  const type = response.headers.get("content-type") ?? "";
  if (!/^(text\/html|application\/xhtml)/i.test(type))
    return `<img src="${await dataUrl(await response.blob())}">`;
  const policy = response.headers.get("content-security-policy") ?? "";
  const page = { html: await response.text(), url: response.url, fetch: ask };
  return wholePage({ ...page, loads: FRAME_LOADS, nonce: "", policy, target: "" });
}

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
