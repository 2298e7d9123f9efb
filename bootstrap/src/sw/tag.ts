// Our tag, as it goes into a page of the app or one of our own. ASCII, whatever it holds.

import type { TagData } from "../messages/own-tag";
import type { TabPolicy } from "../messages/sw-page";
import { asset } from "./assets";
import type { Admission } from "./policed";

export async function tagFor(
  admission: Admission,
  origins: readonly string[],
  posted: boolean,
  tab: TabPolicy | undefined,
  guest: string | undefined,
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
  const code = admission.inline ? await ownCode() : "";
  // What follows is text, whatever it holds, until our script has made a frame of it.
  return `${tagOf(data, nonce, code)}${opaque ? "<plaintext hidden>" : ""}`;
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

let code: string | undefined;

// Kept beside this Service Worker; its characters are all ASCII. What would end the element, or hide
// its end, stands in strings only.
async function ownCode(): Promise<string> {
  code ??= await (await asset(__INJECT_URL__)).text();
  return code.replace(/<(?=!--|\/script)/gi, "\\x3C");
}
