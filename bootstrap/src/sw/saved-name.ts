// The name under which a file is saved: RFC 6266. Pure.

import { ATTACHMENT } from "./response-head";

const RAW = /filename\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;]+)/i;

/** Content-Disposition of what is saved under this name. One that the app itself gives goes first. */
export function saveAs(name: string, headers: Headers): void {
  const given = headers.get("content-disposition");
  if (given !== null && ATTACHMENT.test(given)) return;
  headers.set("content-disposition", `attachment${name ? `; ${extendedName(name)}` : ""}`);
}

// A parameter of it for any name, RFC 8187.
function extendedName(name: string): string {
  const coded = encodeURIComponent(name).replace(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16)}`,
  );
  return `filename*=UTF-8''${coded}`;
}

/**
 * A Content-Disposition with a name of octets that are no ASCII, which browsers take for UTF-8 where
 * it can be, written in ASCII: some recode the octets of a Service Worker's response.
 */
export function plainDisposition(value: string): string {
  const raw = RAW.exec(value)?.[1];
  if (raw === undefined || /^[\0-\x7f]*$/.test(raw) || /filename\*/i.test(value)) return value;
  const octets = raw.startsWith('"') ? raw.slice(1, -1).replace(/\\(.)/g, "$1") : raw;
  return value.replace(RAW, () => extendedName(textOf(octets)));
}

function textOf(octets: string): string {
  const bytes = Uint8Array.from(octets, (char) => char.charCodeAt(0));
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return octets;
  }
}
