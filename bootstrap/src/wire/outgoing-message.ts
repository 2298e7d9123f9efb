// One message in the making: parts that have been put in, and room for more.

import { MESSAGE_BYTES } from "./frame";
import { concat } from "./msgpack";

export class OutgoingMessage {
  room = MESSAGE_BYTES;
  private readonly parts: Uint8Array[] = [];

  add(part: Uint8Array): void {
    this.parts.push(part);
    this.room -= part.length;
  }

  bytes(): Uint8Array | undefined {
    return this.parts.length ? concat(this.parts) : undefined;
  }
}
