// Reads tests/vectors: bytes and what they mean, the same for every implementation.

import { readFileSync } from "node:fs";

declare const __VECTORS__: string;

/** A hex string, or a list of [hex, times]. */
export type Hex = string | [hex: string, times: number][];

export function read<T>(name: string): T {
  return JSON.parse(readFileSync(`${__VECTORS__}${name}.json`, "utf8")) as T;
}

export function bytes(hex: Hex): Uint8Array<ArrayBuffer> {
  const text =
    typeof hex === "string" ? hex : hex.map(([part, times]) => part.repeat(times)).join("");
  return Uint8Array.from(Buffer.from(text, "hex"));
}

export function hex(data: Uint8Array): string {
  return Buffer.from(data).toString("hex");
}
