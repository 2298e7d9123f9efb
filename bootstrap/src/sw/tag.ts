// Our tag, as it goes into a page of the app or one of our own. ASCII, whatever it holds.

import type { TagData } from "../messages/own-tag";
import type { TabPolicy } from "../messages/sw-page";
import type { Admission } from "./policed";

/** code: our script, if it must stand in the tag. */
export async function tagFor(
  admission: Admission,
  origins: readonly string[],
  posted: boolean,
  tab: TabPolicy | undefined,
  guest: string | undefined,
  code: string | Promise<string> | undefined,
): Promise<string> {
  const { nonce, alone, notes, opaque } = admission;
  const data: TagData = {
    ...(origins.length && { own: origins.join(" ") }),
    ...(posted && { posted: "" }),
    ...(alone && { alone: "" }),
    ...(guest !== undefined && { guest }),
    ...(tab && { tab: JSON.stringify(tab) }),
    ...(notes.length && { notes: JSON.stringify(notes) }),
    ...(opaque && { opaque: opaque.tokens, loads: opaque.loads }),
  };
  // What follows is text, whatever it holds, until our script has made a frame of it.
  return `${tagOf(data, nonce, await code)}${opaque ? "<plaintext hidden>" : ""}`;
}

export function tagOf(data: TagData, nonce = "", code = ""): string {
  const pairs = Object.entries(data).map(([name, value]) => [`data-${name}`, value as string]);
  if (!code) pairs.push(["src", __INJECT_URL__]);
  if (nonce) pairs.push(["nonce", nonce]);
  const attributes = pairs.map(([name, value]) => ` ${name}="${escape(value ?? "")}"`).join("");
  return `<script${attributes}>${code}</script>`;
}

/** Text of any kind, within an attribute or an element. */
export function escape(text: string): string {
  return text.replace(/[&<>"]|[^\x20-\x7e]/gu, (found) => `&#${found.codePointAt(0)};`);
}
