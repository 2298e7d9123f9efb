// Printing by the browser's menu prints the document at the top, and of a frame in it one page: so for
// as long as that takes a still copy of the app's document stands in the tab, for print alone.

/** Bodies and frames are cloned without these. Scripts would run, and files load, once more. */
const SOURCES = "script, iframe, frame, object, embed, video, audio, source";

let restore: (() => void) | undefined;

/** Once for each tab. page: the app's window, undefined while there is none. */
export function followPrinting(page: () => EventTarget | undefined): void {
  window.addEventListener("beforeprint", () => {
    const app = page();
    if (!app || !("document" in app)) return;
    // The frame is told after the tab: what the app makes of its page for printing is copied too.
    app.addEventListener("beforeprint", () => show(app as Window), { once: true });
  });
  window.addEventListener("afterprint", () => {
    restore?.();
    restore = undefined;
  });
}

function show(app: Window): void {
  restore?.();
  const { body, documentElement: root } = document;
  const own = document.querySelector("style");
  const before = document.adoptedStyleSheets;
  const attributes = attributesOf(root);
  restore = () => {
    document.body.replaceWith(body);
    document.adoptedStyleSheets = before;
    setAttributes(root, attributes);
    if (own) own.media = "";
  };
  if (own) own.media = "screen";
  setAttributes(root, attributesOf(app.document.documentElement));
  const copy = copyInto(document, app.document);
  body.replaceWith(copy.body);
  const frame = new CSSStyleSheet();
  // On the screen the app stays where it is. What is fixed takes no pages.
  frame.replaceSync(`iframe.app { position: fixed; inset: 0; width: 100%; height: 100%; border: 0;
    z-index: 2147483647 } @media print { iframe.app { visibility: hidden } }`);
  document.adoptedStyleSheets = [...before, ...copy.sheets, frame];
  copy.finish();
  // Laid out once: of a field that never was, Firefox prints no value.
  document.body.getClientRects();
}

interface Copy {
  body: HTMLElement;
  sheets: CSSStyleSheet[];
  /** Once it is in its place. */
  finish(): void;
}

function copyInto(into: Document, shown: Document): Copy {
  const body = into.importNode(shown.body, true);
  const later: (() => void)[] = [];
  still(shown.body, body, later);
  const sheets = sheetsOf(shown, shown.baseURI, into);
  return { body, sheets, finish: () => later.forEach((act) => act()) };
}

// What is not in attributes: pictures, what was entered, shadows, where something is scrolled to.
function still(from: Element | ShadowRoot, to: Element | ShadowRoot, later: (() => void)[]): void {
  const copies = [...to.querySelectorAll("*")];
  if (to instanceof Element) copies.unshift(to);
  const originals = [...from.querySelectorAll("*")];
  if ("localName" in from) originals.unshift(from);
  for (const [i, original] of originals.entries()) {
    const copy = copies[i];
    if (copy) stillOne(original, copy, later);
  }
}

// By name, not by class: those of a frame's document are of another realm.
function stillOne(original: Element, copy: Element, later: (() => void)[]): void {
  if (copy.matches(SOURCES))
    for (const name of ["src", "srcdoc", "data"]) copy.removeAttribute(name);
  switch (copy.localName) {
    case "script":
      copy.setAttribute("type", "none");
      break;
    case "img":
      stillImage(original as HTMLImageElement, copy as HTMLImageElement);
      break;
    case "canvas":
      draw(original as HTMLCanvasElement, copy as HTMLCanvasElement);
      break;
    case "input":
    case "textarea":
    case "select":
      enter(original as HTMLInputElement, copy as HTMLInputElement);
      break;
    case "iframe":
      later.push(() => stillFrame(original as HTMLIFrameElement, copy as HTMLIFrameElement));
      break;
    default:
  }
  const { shadowRoot, scrollTop, scrollLeft } = original;
  if (scrollTop || scrollLeft) later.push(() => copy.scrollTo(scrollLeft, scrollTop));
  if (shadowRoot) stillShadow(shadowRoot, copy, later);
}

function draw(original: HTMLCanvasElement, copy: HTMLCanvasElement): void {
  if (original.width && original.height) copy.getContext("2d")?.drawImage(original, 0, 0);
}

type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

function enter(original: Field, copy: Field): void {
  if (copy.type === "file") return;
  if ("options" in copy && "options" in original) {
    for (const [i, option] of [...copy.options].entries()) {
      option.selected = original.options[i]?.selected ?? false;
    }
    return;
  }
  copy.value = original.value;
  if ("checked" in copy && "checked" in original) copy.checked = original.checked;
}

// The one that is seen, at once: a picture that is loaded again may come after the paper.
function stillImage(original: HTMLImageElement, copy: HTMLImageElement): void {
  for (const name of ["srcset", "sizes", "loading"]) copy.removeAttribute(name);
  copy.decoding = "sync";
  copy.src = original.currentSrc;
}

function stillShadow(shadow: ShadowRoot, host: Element, later: (() => void)[]): void {
  const made = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const { ownerDocument: into } = host;
  made.replaceChildren(...[...shadow.childNodes].map((node) => into.importNode(node, true)));
  made.adoptedStyleSheets = sheetsOf(shadow, shadow.ownerDocument.baseURI, into);
  still(shadow, made, later);
}

function stillFrame(original: HTMLIFrameElement, copy: HTMLIFrameElement): void {
  const [inner, empty] = [original.contentDocument, copy.contentDocument];
  if (!inner?.body || !empty?.body) return;
  setAttributes(empty.documentElement, attributesOf(inner.documentElement));
  const { body, sheets, finish } = copyInto(empty, inner);
  empty.body.replaceWith(body);
  empty.adoptedStyleSheets = sheets;
  finish();
}

// A policy that admits no style of others does not speak of sheets that a script makes.
function sheetsOf(of: Document | ShadowRoot, base: string, into: Document): CSSStyleSheet[] {
  const made = Reflect.get(into.defaultView ?? window, "CSSStyleSheet") as typeof CSSStyleSheet;
  const sheets = [...of.styleSheets, ...of.adoptedStyleSheets].filter((sheet) => !sheet.disabled);
  return sheets.flatMap((sheet) => copiesOf(sheet, base, [], made));
}

// `@import` is not allowed in what a script makes: each sheet becomes one of its own.
function copiesOf(
  sheet: CSSStyleSheet,
  base: string,
  around: string[],
  Made: typeof CSSStyleSheet,
): CSSStyleSheet[] {
  const rules = rulesOf(sheet);
  const media = sheet.media.mediaText;
  const within = media ? [...around, `@media ${media}`] : around;
  const made: CSSStyleSheet[] = [];
  const baseURL = sheet.href ?? base;
  let text = "";
  for (const rule of rules) {
    if (!("styleSheet" in rule)) {
      text += `${rule.cssText}\n`;
      continue;
    }
    const { styleSheet, layerName, supportsText } = rule as CSSImportRule;
    const more = [...within];
    if (supportsText) more.push(`@supports ${supportsText}`);
    if (layerName !== null) more.push(`@layer ${layerName}`);
    if (styleSheet) made.push(...copiesOf(styleSheet, baseURL, more, Made));
  }
  const copy = new Made({ baseURL, media: "print" });
  const opened = within.map((one) => `${one} {`).join("");
  copy.replaceSync(opened + text + "}".repeat(within.length));
  return [...made, copy];
}

function rulesOf(sheet: CSSStyleSheet): CSSRule[] {
  try {
    return [...sheet.cssRules];
  } catch {
    return []; // another site's, which does not let itself be read
  }
}

function attributesOf(element: Element): [string, string][] {
  return [...element.attributes].map(({ name, value }) => [name, value]);
}

function setAttributes(element: Element, wanted: [string, string][]): void {
  for (const { name } of [...element.attributes]) element.removeAttribute(name);
  for (const [name, value] of wanted) element.setAttribute(name, value);
}
