// An answer of the box as a Response, with our script in it where it is a page.

import { ERROR_FIELD, type SwToPage } from "../messages/sw-page";
import type { ReplyPort } from "../messages/sw-worker";
import { hasNoBody } from "../wire/heads";
import type { Asked, Head } from "./asked";
import { injectTag } from "./html-injection";
import { ResponseBody } from "./response-body";
import { isRedirect, planResponse } from "./response-head";
import { extendedName } from "./saved-name";
import { sw } from "./scope";
import type { Shell } from "./shells";

export function assemble(head: Head, port: ReplyPort, asked: Asked, shell: Shell): Response {
  const { page, url, method } = asked;
  const plan = planResponse({
    status: head.status,
    fields: head.fields,
    decoded: head.decoded,
    page,
    url,
    framing: { embedded: shell.embedded, secure: sw.location.protocol === "https:" },
    ownNonce: crypto.randomUUID(),
  });
  const tag = tagOf(plan.nonce, head.origins);
  const headers = new Headers();
  for (const [name, value] of plan.fields) headers.append(name, value);
  const said = { status: head.status, statusText: head.reason, headers };
  if (head.error) headers.set(ERROR_FIELD, head.error);
  if (asked.save !== undefined) saveAs(asked.save, headers);
  if (page && isDownload(head.status, headers)) tellDownload(shell);
  if (hasNoBody(method, head.status) || head.end) {
    const empty = hasNoBody(method, head.status) ? null : plan.inject ? tag : "";
    return new Response(empty, said);
  }
  const body = new ResponseBody(port, () => shell.onDeath.delete(failed));
  const failed = (): void => body.fail();
  shell.onDeath.add(failed);
  if (headers.has("location") && isRedirect(head.status)) {
    // Browsers do not read it, and one complains that it was not read.
    void body.stream.pipeTo(new WritableStream()).catch(() => undefined);
    return new Response(null, said);
  }
  let stream = body.stream;
  if (plan.inject) stream = stream.pipeThrough(injectTag(tag, headers.get("content-type") ?? ""));
  return new Response(stream, said);
}

function tagOf(nonce: string, origins: readonly string[]): string {
  const own = origins.length ? ` data-own="${origins.join(" ")}"` : "";
  return `<script src="${__INJECT_URL__}"${nonce ? ` nonce="${nonce}"` : ""}${own}></script>`;
}

function isDownload(status: number, headers: Headers): boolean {
  const disposition = headers.get("content-disposition") ?? "";
  return status === 204 || status === 205 || /^\s*attachment/i.test(disposition);
}

// RFC 6266. A name that the app itself gives goes first.
function saveAs(name: string, headers: Headers): void {
  const given = headers.get("content-disposition");
  if (given !== null && /^\s*attachment/i.test(given)) return;
  headers.set("content-disposition", `attachment${name ? `; ${extendedName(name)}` : ""}`);
}

function tellDownload(shell: Shell): void {
  void sw.clients.get(shell.clientId).then((client) => {
    client?.postMessage({ kind: "download" } satisfies SwToPage);
  });
}
