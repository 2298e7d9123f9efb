// Puts our script tag first into an app's page, and streams the rest through untouched: the page's
// own tree is the same once the script has removed its element. Most pages begin alike, and their first
// bytes tell where that is; for all others `html-injection` is loaded. Pure.

import type { Insertion } from "./html-injection";

type Piece = Uint8Array<ArrayBuffer>;

// Only what is read so in every encoding but the wide ones, which do not match. A doctype ends at its
// first ">", a value in quotes at the next one.
const BEGINNING =
  /^[\t\n\f\r ]*(?:<!doctype[\t\n\f\r ][^>]*>[\t\n\f\r ]*)?(?:<html(?:[\t\n\f\r ]+[a-z-]+(?:="[^"]*"|=[\w-]+)?)*[\t\n\f\r ]*>[\t\n\f\r ]*)?<head>/i;
const SEARCHED_BYTES = 1_024;
const HTML = /^\s*text\/html\s*(;|$)/i;
const WIDE = /charset\s*=\s*"?(utf-?16|ucs|unicode|iso-10646|csunicode)/i;

/** A stream that adds `tag`, an HTML script element of ASCII characters, to a page of this type. */
export function injectTag(
  tag: string,
  contentType: string,
  load: () => Promise<typeof Insertion>,
): TransformStream<Piece, Piece> {
  let insertion: Insertion | undefined;
  let done = false;
  const push = async (piece: Piece, last: boolean): Promise<Piece[]> => {
    if (done) return [piece];
    const at = insertion ? undefined : headEnd(piece, contentType);
    if (at !== undefined) {
      done = true;
      return [piece.subarray(0, at), new TextEncoder().encode(tag), piece.subarray(at)];
    }
    insertion ??= new (await load())(tag, contentType);
    return insertion.push(piece, last);
  };
  const give = async (
    controller: TransformStreamDefaultController<Piece>,
    piece: Piece,
    last: boolean,
  ): Promise<void> => {
    for (const part of await push(piece, last)) if (part.length) controller.enqueue(part);
  };
  return new TransformStream({
    transform: (piece, controller) => give(controller, piece, false),
    flush: (controller) => give(controller, new Uint8Array(), true),
  });
}

// undefined: the first bytes alone do not tell.
function headEnd(first: Piece, contentType: string): number | undefined {
  if (!HTML.test(contentType) || WIDE.test(contentType)) return undefined;
  const text = String.fromCharCode(...first.subarray(0, SEARCHED_BYTES));
  return BEGINNING.exec(text)?.[0].length;
}
