// Puts our script tag into the first bytes of an app's page: after <head>, else <html>, else the
// doctype, else first. The rest streams through untouched. Pure.

type Piece = Uint8Array<ArrayBuffer>;

// A <head> later than this is not waited for.
const LOOK_BYTES = 2_048;

/** A stream that adds `tag`, of ASCII characters, to a page. UTF-16 is left alone. */
export function injectTag(tag: string): TransformStream<Piece, Piece> {
  let held: Piece | undefined = new Uint8Array();
  const flush = (controller: TransformStreamDefaultController<Piece>, last: boolean): void => {
    if (!held) return;
    const whole = last || held.length >= LOOK_BYTES;
    const at = insertionPoint(latin1(held.subarray(0, LOOK_BYTES)), whole);
    if (at === undefined) return;
    const parts = at < 0 ? [held] : [held.subarray(0, at), ascii(tag), held.subarray(at)];
    controller.enqueue(join(parts));
    held = undefined;
  };
  return new TransformStream({
    transform(piece, controller) {
      if (!held) {
        controller.enqueue(piece);
        return;
      }
      held = join([held, piece]);
      flush(controller, false);
    },
    flush: (controller) => flush(controller, true),
  });
}

/**
 * Where a tag goes in the beginning of a page, one character a byte: behind <head>, or before the
 * first thing that does not stand before a head. -1: nowhere. undefined: not known before more of
 * the page has come; `whole` says that nothing more does.
 */
export function insertionPoint(text: string, whole: boolean): number | undefined {
  if (/^(\xff\xfe|\xfe\xff)/.test(text)) return -1;
  if (!whole && /^(\xff|\xfe|\xef\xbb?)?$/.test(text)) return undefined;
  let at = text.startsWith("\xef\xbb\xbf") ? 3 : 0;
  for (;;) {
    const head = match(HEAD, text, at);
    if (head) return at + head;
    const passed = match(BEFORE_HEAD, text, at);
    if (!passed) break;
    at += passed;
  }
  const rest = text.slice(at);
  const end = rest.startsWith("<!--") ? "-->" : ">";
  const open = rest === "" || (rest.startsWith("<") && !rest.includes(end));
  return open && !whole ? undefined : at;
}

const HEAD = /<head(?:\s[^>]*)?>/iy;
const BEFORE_HEAD = /\s+|<!--[\s\S]*?-->|<!doctype[^>]*>|<html(?:\s[^>]*)?>|<\?[^>]*>/iy;

// How many characters a pattern takes at a place, 0 where it does not stand there.
function match(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0].length ?? 0;
}

function latin1(bytes: Piece): string {
  return String.fromCharCode(...bytes);
}

function ascii(text: string): Piece {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function join(parts: Piece[]): Piece {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
