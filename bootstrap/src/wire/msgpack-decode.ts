// msgpack, all that a peer may send: what we know becomes values, the rest is walked over.

const NESTING = 1_024;

/** Bytes that are not one msgpack value. The caller decides what ends then. */
export class NotPacked extends Error {}

/** A value of a type that no message of ours has: a float, an extension, an integer above 2⁵³. */
export class Foreign {}

export type Packed =
  null | boolean | number | string | Uint8Array | Foreign | Packed[] | Map<string, Packed>;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const FOREIGN = new Foreign();

/** The one value that the bytes hold, and nothing after it. Throws NotPacked. */
export function unpack(bytes: Uint8Array): Packed {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  if (reader.at !== bytes.length) throw new NotPacked("more bytes after the value");
  return value;
}

class Reader {
  at = 0;
  private readonly view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  value(depth: number): Packed {
    if (depth > NESTING) throw new NotPacked("nested too deep");
    const kind = this.uint(1);
    if (kind < 0x80) return kind;
    if (kind < 0x90) return this.map(kind & 0x0f, depth);
    if (kind < 0xa0) return this.list(kind & 0x0f, depth);
    if (kind < 0xc0) return this.text(kind & 0x1f);
    if (kind >= 0xe0) return kind - 0x100;
    switch (kind) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.part(this.uint(1 << (kind - 0xc4)));
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.foreign(this.uint(1 << (kind - 0xc7)) + 1);
      case 0xca:
        return this.foreign(4);
      case 0xcb:
        return this.foreign(8);
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.uint(1 << (kind - 0xcc));
      case 0xcf:
        return this.wide(false);
      case 0xd0:
        return this.signed(1);
      case 0xd1:
        return this.signed(2);
      case 0xd2:
        return this.signed(4);
      case 0xd3:
        return this.wide(true);
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.foreign((1 << (kind - 0xd4)) + 1);
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.text(this.uint(1 << (kind - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.list(this.uint(2 << (kind - 0xdc)), depth);
      case 0xde:
      case 0xdf:
        return this.map(this.uint(2 << (kind - 0xde)), depth);
      default:
        throw new NotPacked("a byte that msgpack does not use");
    }
  }

  private map(size: number, depth: number): Map<string, Packed> {
    const map = new Map<string, Packed>();
    for (let i = 0; i < size; i++) {
      const key = this.value(depth + 1);
      if (typeof key !== "string" && !(key instanceof Uint8Array)) {
        throw new NotPacked("a key that is not text");
      }
      const value = this.value(depth + 1);
      if (typeof key === "string") map.set(key, value);
    }
    return map;
  }

  private list(size: number, depth: number): Packed[] {
    const list: Packed[] = [];
    for (let i = 0; i < size; i++) list.push(this.value(depth + 1));
    return list;
  }

  private text(size: number): string {
    try {
      return utf8.decode(this.part(size));
    } catch (error) {
      throw error instanceof NotPacked ? error : new NotPacked("text that is not UTF-8");
    }
  }

  private part(size: number): Uint8Array {
    const start = this.step(size);
    return this.bytes.subarray(start, start + size);
  }

  private foreign(size: number): Foreign {
    this.step(size);
    return FOREIGN;
  }

  private uint(size: number): number {
    const at = this.step(size);
    if (size === 1) return this.view.getUint8(at);
    return size === 2 ? this.view.getUint16(at) : this.view.getUint32(at);
  }

  private signed(size: number): number {
    const at = this.step(size);
    if (size === 1) return this.view.getInt8(at);
    return size === 2 ? this.view.getInt16(at) : this.view.getInt32(at);
  }

  private wide(signed: boolean): number | Foreign {
    const at = this.step(8);
    const value = Number(signed ? this.view.getBigInt64(at) : this.view.getBigUint64(at));
    return Number.isSafeInteger(value) ? value : FOREIGN;
  }

  private step(size: number): number {
    const start = this.at;
    if (size > this.bytes.length - start) throw new NotPacked("truncated");
    this.at = start + size;
    return start;
  }
}
