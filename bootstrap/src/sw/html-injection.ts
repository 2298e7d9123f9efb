// Finds the place of our script tag in an app's page, whatever its encoding and however it begins. Pure.

import { HtmlPrefix } from "./html-prefix";

type Piece = Uint8Array<ArrayBuffer>;

// Encoding §4.2, of those that are not ASCII in their first bytes.
const WIDE = /^(utf-16(le|be)?|ucs-2|unicode(fffe|feff)?|iso-10646-ucs-2|csunicode)$/;
const XML = /^\s*application\/xhtml\+xml\s*(;|$)/i;

/** One page. Of `tag`, see `inject-tag`. */
export class Insertion {
  private readonly prefix: HtmlPrefix;
  private readonly tag: string;
  private readonly charset: string;
  private encoding: Encoding | undefined;
  private held: Piece = new Uint8Array();
  private read = 0; // of what is held
  private done = false;

  constructor(tag: string, contentType: string) {
    const xml = XML.test(contentType);
    this.prefix = new HtmlPrefix(xml ? "xml" : "html");
    const namespace = '<script xmlns="http://www.w3.org/1999/xhtml"';
    this.tag = xml ? tag.replace("<script", namespace) : tag;
    this.charset = (/;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1] ?? "").toLowerCase();
  }

  /** What may be passed on now. */
  push(piece: Piece, last: boolean): Piece[] {
    if (this.done) return [piece];
    const bytes = (this.held = join(this.held, piece));
    if (!this.encoding) {
      this.encoding = encodingOf(bytes, this.charset, last);
      if (!this.encoding) return [];
      this.read = this.encoding.mark;
    }
    const { width, big } = this.encoding;
    while (this.read + width <= bytes.length) {
      const at = this.read;
      this.read += width;
      const low = bytes[at + (big ? 1 : 0)] ?? 0;
      const high = width === 1 ? 0 : (bytes[at + (big ? 0 : 1)] ?? 0);
      const verdict = this.prefix.next(String.fromCharCode(low + high * 256));
      if (verdict === "after") return this.insert(this.read);
      if (verdict === "here") return this.insert(this.read - this.prefix.held * width);
    }
    const passed = this.read - this.prefix.held * width;
    if (last) return this.prefix.inside ? [bytes] : this.insert(passed);
    this.held = bytes.subarray(passed);
    this.read -= passed;
    return [bytes.subarray(0, passed)];
  }

  private insert(at: number): Piece[] {
    this.done = true;
    const { width, big } = this.encoding ?? ASCII;
    const tag = new Uint8Array(this.tag.length * width);
    for (let i = 0; i < this.tag.length; i++) {
      tag[i * width + (big ? 1 : 0)] = this.tag.charCodeAt(i);
    }
    return [this.held.subarray(0, at), tag, this.held.subarray(at)];
  }
}

/** mark: bytes of the byte order mark. */
interface Encoding {
  width: 1 | 2;
  big: boolean;
  mark: number;
}

const ASCII: Encoding = { width: 1, big: false, mark: 0 };

// HTML §13.2.3.2: a mark goes before what the field says. undefined: more bytes must tell.
function encodingOf(bytes: Piece, charset: string, last: boolean): Encoding | undefined {
  const text = String.fromCharCode(...bytes.subarray(0, 3));
  if (text === "\xef\xbb\xbf") return { ...ASCII, mark: 3 };
  if (text.startsWith("\xff\xfe")) return { width: 2, big: false, mark: 2 };
  if (text.startsWith("\xfe\xff")) return { width: 2, big: true, mark: 2 };
  if (!last && /^(\xff|\xfe|\xef\xbb?)?$/.test(text)) return undefined;
  if (WIDE.test(charset)) return { width: 2, big: /be$|fffe$/.test(charset), mark: 0 };
  return ASCII;
}

function join(first: Piece, second: Piece): Piece {
  if (!first.length) return second;
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
