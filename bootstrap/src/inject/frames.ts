// What a page of the app embeds and a Service Worker does not see in every browser: frames without
// an address, of blobs, with an opaque origin; `object` and `embed`.

import { blobsOfUrls } from "./blob-urls";
import { BLOB_PATH } from "../messages/our-paths";
import type { ShellApi } from "../messages/frame-shell";
import { lend } from "./lend";
import { opaqueWithin } from "./opaque-messages";
import { appUrl } from "./own-url";

/** Our own tag in this page: what of it a page within may carry too. */
export interface OwnTag {
  /** "" where policies admit the script only as text. */
  src: string;
  nonce: string;
}

const EMPTY = "data:text/html,";
// What stands before the first thing in a page's head: elements and doctype stay where they were.
const HEAD =
  /^(?:\s+|<!--(?:-?>|[^]*?--!?>)|<!doctype[^>]*>|<(?:html|head)(?=[\s/>])(?:"[^"]*"|'[^']*'|[^"'>])*>)*/i;
const { createObjectURL, revokeObjectURL } = URL;

const mended = new WeakMap<Element, string>();

export function mendFrames(shell: ShellApi, tag: OwnTag): void {
  const { prototype } = HTMLIFrameElement;
  onAccess(prototype, "contentWindow", (found: Window | null) => [
    found,
    opaqueWithin(found) ?? found,
  ]);
  onAccess(prototype, "contentDocument", (found: Document | null) => {
    const shown = found?.defaultView ?? null;
    return [shown, opaqueWithin(shown) === undefined ? found : null];
  });
  const frames = document.getElementsByTagName("iframe");
  const objects = document.getElementsByTagName("object");
  const embeds = document.getElementsByTagName("embed");
  const look = (): void => {
    for (const frame of frames) mendFrame(shell, frame, tag);
    for (const object of objects) void mendObject(object, "data");
    for (const embed of embeds) void mendObject(embed, "src");
  };
  new MutationObserver(look).observe(document, {
    childList: true,
    subtree: true,
    attributeFilter: ["src", "srcdoc", "data", "sandbox"],
  });
  // A frame with an opaque origin went to a page of the app by itself, and got the shell's page.
  window.addEventListener("message", ({ data, source, origin }: MessageEvent<unknown>) => {
    const frame = origin === "null" && [...frames].find((one) => one.contentWindow === source);
    const url = frame && isOpaque(frame) ? askedFor(data) : undefined;
    if (frame && url) void fill(shell, frame, url);
  });
}

// look: the window that the frame shows, and what a script is given.
function onAccess<T>(
  prototype: object,
  name: string,
  look: (found: T) => [shown: Window | null, given: unknown],
): void {
  const native = Object.getOwnPropertyDescriptor(prototype, name);
  Object.defineProperty(prototype, name, {
    ...native,
    get(this: HTMLIFrameElement) {
      const [shown, given] = look(native?.get?.call(this) as T);
      if (isBare(this)) lend(shown);
      return given;
    },
  });
}

function mendFrame(shell: ShellApi, frame: HTMLIFrameElement, tag: OwnTag): void {
  const text = frame.getAttribute("srcdoc");
  const asks = text ?? frame.src;
  if (mended.get(frame) === asks) return;
  mended.set(frame, asks);
  if (isOpaque(frame)) {
    const url = text === null && asks ? appUrl(asks) : undefined;
    if (url) void fill(shell, frame, url);
  } else if (text !== null) {
    if (tag.src)
      put(
        frame,
        "srcdoc",
        text.replace(HEAD, (head) => head + tagText(tag)),
      );
  } else if (isBare(frame)) {
    lend(frame.contentWindow);
  } else {
    const blob = blobsOfUrls().get(asks);
    if (!blob || !/^text\/html/i.test(blob.type)) return;
    // Of a copy: the app may revoke its own at once.
    const copy = createObjectURL(blob);
    frame.addEventListener("load", () => revokeObjectURL(copy), { once: true });
    put(
      frame,
      "src",
      new URL(BLOB_PATH + copy.slice(copy.lastIndexOf("/") + 1), copy.slice(5)).href,
    );
  }
}

function put(frame: HTMLIFrameElement, attribute: "src" | "srcdoc", value: string): void {
  mended.set(frame, value);
  frame.setAttribute(attribute, value);
}

// Its own navigation never reaches the Service Worker: the page is put into it.
async function fill(shell: ShellApi, frame: HTMLIFrameElement, url: URL): Promise<void> {
  put(frame, "srcdoc", "");
  try {
    const late = await shell.late();
    put(frame, "srcdoc", await late.sandboxed(url, window.fetch));
  } catch {
    // It stays empty, as a frame whose page did not come.
  }
}

// Both pass the Service Worker by: they get a blob of what they name.
async function mendObject(
  element: HTMLObjectElement | HTMLEmbedElement,
  name: "src" | "data",
): Promise<void> {
  const value = element.getAttribute(name);
  if (value === null || mended.get(element) === value) return;
  mended.set(element, value);
  const url = appUrl(value);
  if (!url) return;
  // An object that failed once, or has nothing to show, does not load again in some browsers.
  mended.set(element, EMPTY);
  element.setAttribute(name, EMPTY);
  const response = await window.fetch(url).catch(() => undefined);
  // Without it an object shows what stands in it instead.
  const next = response?.ok ? createObjectURL(await response.blob()) : "data:,";
  mended.set(element, next);
  element.setAttribute(name, next);
}

function isOpaque(frame: HTMLIFrameElement): boolean {
  return frame.hasAttribute("sandbox") && !frame.sandbox.contains("allow-same-origin");
}

function isBare(frame: HTMLIFrameElement): boolean {
  const { src } = frame;
  return !frame.hasAttribute("srcdoc") && (src === "" || src === "about:blank");
}

function tagText({ src, nonce }: OwnTag): string {
  return `<script src="${src}"${nonce ? ` nonce="${nonce}"` : ""}></script>`;
}

function askedFor(data: unknown): URL | undefined {
  const value: unknown =
    typeof data === "object" && data !== null && Reflect.get(data, "p2clawAsks");
  return typeof value === "string" ? appUrl(value) : undefined;
}
