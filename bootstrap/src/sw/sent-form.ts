// A form that the frame sends by itself, reported to its shell, so that the shell can send it again; those
// that the app's pages hand over it has.

import type { SwToPage } from "../messages/sw-page";
import type { RequestBody } from "../messages/sw-worker";
import type { Asked } from "./asked";
import type { Shell } from "./shells";

export function reportForm(shell: Shell, body: RequestBody, asked: Asked): void {
  if (body.kind !== "blob" && body.kind !== "bytes") return;
  const blob = body.kind === "blob" ? body.blob : new Blob([body.bytes]);
  const contentType = asked.fields.find(([name]) => name === "content-type")?.[1] ?? "";
  shell.client.postMessage({ kind: "form", contentType, body: blob } satisfies SwToPage);
}
