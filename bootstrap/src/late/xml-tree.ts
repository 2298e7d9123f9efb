// An XML document without a style of its own, as a tree: some browsers draw one at the top of a tab only.

const XHTML = "http://www.w3.org/1999/xhtml";
const STYLED = [XHTML, "http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML"];
const STYLE = `html { color-scheme: light dark; font: 13px/1.5 monospace; padding: 8px }
  p { font-family: system-ui; border-bottom: 1px solid; padding-bottom: 8px }
  details { padding-left: 1em } summary { margin-left: -1em } div { padding-left: 1em }
  details > :last-child { margin-left: -1em }
  div, summary { white-space: pre-wrap; overflow-wrap: anywhere }`;

/** Draws it, unless the browser has. */
export function showTree(shown: object): void {
  if ("documentElement" in shown) draw(shown as Document);
}

function draw(shown: Document): void {
  const { documentElement: root, defaultView } = shown;
  const kinds = [...shown.childNodes].map(({ nodeName }) => nodeName);
  const known = [root, ...root.querySelectorAll("*")].map(({ namespaceURI }) => namespaceURI ?? "");
  if (kinds.includes("xml-stylesheet") || known.some((name) => STYLED.includes(name))) return;
  // A browser that draws a tree itself shows nothing of the document's own text.
  const text = shown.createRange();
  text.selectNodeContents(root);
  if (!text.getClientRects().length || !defaultView) return;
  const make = (name: string, ...within: (Node | string)[]): Element => {
    const made = shown.createElementNS(XHTML, name);
    made.append(...within);
    return made;
  };
  const nodes = [...shown.childNodes].map((node) => branch(node, make));
  const note = make("p", "This XML file has no style of its own. This is its tree.");
  root.replaceWith(make("html", make("body", note, ...nodes)));
  const sheet = new (Reflect.get(defaultView, "CSSStyleSheet") as typeof CSSStyleSheet)();
  sheet.replaceSync(STYLE);
  shown.adoptedStyleSheets = [sheet];
}

type Make = (name: string, ...within: (Node | string)[]) => Element;

function branch(node: Node, make: Make): Node | string {
  if (node.nodeType !== Node.ELEMENT_NODE) {
    const source = new XMLSerializer().serializeToString(node).trim();
    return source && make("div", source);
  }
  const element = node as Element;
  const attributes = [...element.attributes].map(({ name, value }) => ` ${name}="${value}"`);
  const begin = `<${element.nodeName}${attributes.join("")}`;
  const end = `</${element.nodeName}>`;
  if (!element.firstChild) return make("div", `${begin}/>`);
  if (!element.firstElementChild) return make("div", `${begin}>${element.textContent}${end}`);
  const within = [...element.childNodes].map((child) => branch(child, make));
  const details = make("details", make("summary", `${begin}>`), ...within, make("div", end));
  details.setAttribute("open", "");
  return details;
}
