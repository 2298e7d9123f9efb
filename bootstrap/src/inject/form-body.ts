// What a form sends, as the browser would have put it together: encodings and charsets of HTML
// §4.10.21. So a form needs no navigation of its own, and can be sent again.

import { type BlobBody, lines, multipart } from "./body";

type Bytes = Uint8Array<ArrayBuffer>;

export interface FormFacts {
  enctype: string;
  charset: string;
}

/** undefined: one that only the browser can encode. */
export function formBody(form: FormData, { enctype, charset }: FormFacts): BlobBody | undefined {
  const encode = encoderOf(charset);
  if (!encode) return undefined;
  if (enctype === "multipart/form-data") return multipart(form, undefined, encode);
  const pairs = [...form].map(([name, value]) => [
    lines(name),
    typeof value === "string" ? lines(value) : value.name,
  ]);
  if (enctype === "text/plain") {
    const text = pairs.map(([name, value]) => `${name}=${value}\r\n`).join("");
    return { blob: new Blob([encode(text)]), type: enctype };
  }
  const coded = pairs.map((pair) => pair.map((text) => percent(encode(text))).join("="));
  return { blob: new Blob([coded.join("&")]), type: "application/x-www-form-urlencoded" };
}

// WHATWG URL, the application/x-www-form-urlencoded percent-encode set.
function percent(bytes: Bytes): string {
  return Array.from(bytes, (byte) => {
    const character = String.fromCharCode(byte);
    if (/[\w*.-]/.test(character)) return character;
    return byte === 32 ? "+" : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
}

function encoderOf(charset: string): ((text: string) => Bytes) | undefined {
  const name = nameOf(charset);
  // Forms of UTF-16 pages are sent as UTF-8.
  if (name.startsWith("utf-")) return (text) => new TextEncoder().encode(text);
  // A query may have a `%` of this one that is no escape.
  const known = name === nameOf(document.characterSet) && name !== "iso-2022-jp";
  return known ? viaQuery : undefined;
}

// A page knows one charset besides UTF-8, its own: by the query of a link, where what the charset
// lacks becomes a character reference, as in forms.
function viaQuery(text: string): Bytes {
  const link = document.createElement("a");
  const coded = text.replace(/[^\0-\x7f]+/g, (run) => {
    link.href = `?${run}`;
    return link.search.slice(1).replace(/%(..)/g, (_, hex: string) => {
      return String.fromCharCode(parseInt(hex, 16));
    });
  });
  return Uint8Array.from(coded, (character) => character.charCodeAt(0));
}

function nameOf(charset: string): string {
  try {
    return new TextDecoder(charset).encoding;
  } catch {
    return "utf-8";
  }
}
