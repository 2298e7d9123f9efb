// The documents that we make ourselves: the shell's page, and stubs in place of an app's page.

import { BLOB_PATH } from "../messages/our-paths";
import { ERROR_FIELD, type TabPolicy } from "../messages/sw-page";
import { asset } from "./assets";
import { injectTag } from "./inject-tag";
import type { Later } from "./later";
import { EMBEDDER_POLICY, OPENER_POLICY } from "./tab-policy";
import { sw } from "./scope";
import { escape, tagOf } from "./tag";

const HTML = { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" };

interface Visit {
  /** The tab itself was asked for by a form. */
  posted: boolean;
  /** The app's own service worker may respond to it, without a link. */
  covered: boolean;
}

/** The page at the top of a tab. */
export async function shellDocument(
  visit: Visit,
  { opener, embedder }: TabPolicy,
): Promise<Response> {
  const page = await asset(__PAGE_URL__);
  // A tab that is loaded again at once, while the edge gets another version: that one's page.
  if (!page.ok) return sw.fetch("/");
  const html = await page.text();
  const { protocol, host } = sw.location;
  // 'self' covers no WebSocket in older browsers.
  const socket = `${protocol === "https:" ? "wss" : "ws"}://${host}`;
  const head = `<html${visit.posted ? " data-posted" : ""}${visit.covered ? " data-covered" : ""} data-opener="${opener}" data-embedder="${embedder}"`;
  return new Response(
    html.replace("<html", () => head),
    {
      headers: {
        ...HTML,
        ...(opener && { [OPENER_POLICY]: opener }),
        ...(embedder && { [EMBEDDER_POLICY]: embedder }),
        // Without a charset, as at the edge: the app's pages would inherit it.
        "content-type": "text/html",
        "content-security-policy": `${__SHELL_CSP__}; connect-src 'self' filesystem: ${socket}`,
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
      },
    },
  );
}

/**
 * In place of a page that could not be had. The shell shows the reason, for its own frame; `line`
 * is what a frame within the app shows.
 */
export function problemDocument(status: number, code: string, line: string): Response {
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<title>${escape(line)}</title>${tagOf({ problem: code })}
<p style="font:1rem/1.5 system-ui;margin:2rem">${escape(line)}</p>`;
  return new Response(html, { status, headers: { ...HTML, [ERROR_FIELD]: code } });
}

/** A page that the app made of a blob: with our script, and intercepted as any other. */
export async function blobDocument(url: string, later: Later): Promise<Response> {
  const { origin, pathname } = new URL(url);
  const blob = await sw.fetch(`blob:${origin}/${pathname.slice(BLOB_PATH.length)}`);
  const type = blob.headers.get("content-type") ?? "text/html";
  const body = blob.body?.pipeThrough(injectTag(tagOf({}), type, () => later.insertion())) ?? null;
  return new Response(body, { headers: { "content-type": type } });
}

/** In place of a redirect to another site: the whole tab goes there, not the frame. */
export function departureDocument(url: string): Response {
  const html = `<!doctype html><meta charset="utf-8"><meta name="color-scheme" content="light dark">
${tagOf({ depart: url })}`;
  return new Response(html, { headers: HTML });
}
