// A response of the box as a Response, with our script in it where it is a page.

import { ERROR_FIELD, type SwToPage } from "../messages/sw-page";
import { NONCE_PREFIX } from "../messages/own-tag";
import type { ReplyPort } from "../messages/sw-worker";
import { type Fields, hasNoBody } from "../wire/heads";
import type { Asked, Head } from "./asked";
import { problemDocument } from "./documents";
import { injectTag } from "./inject-tag";
import type { Later } from "./later";
import { admitFreely, isPoliced, policiesOf } from "./policed";
import { EMBEDDER_POLICY, differs, tabPolicyOf } from "./tab-policy";
import { bodyOf } from "./response-body";
import { ATTACHMENT, isOddlyNamed, isRedirect, planResponse } from "./response-head";
import { sw } from "./scope";
import type { Shell } from "./shells";
import { reportSize } from "./sizes";
import { tagFor } from "./tag";

// For responses without policies and names that ask for more.
const PLAIN = { admit: admitFreely, plainDisposition: (value: string): string => value };

export async function assemble(
  head: Head,
  port: ReplyPort,
  asked: Omit<Asked, "cookies">,
  shell: Shell,
  later: Later,
): Promise<Response> {
  const { page, url, method } = asked;
  const facts = {
    status: head.status,
    fields: head.fields,
    decoded: head.decoded,
    page,
    url,
    saved: asked.save !== undefined,
    around: {
      embedded: shell.embedded,
      origin: sw.location.origin,
      ownNonce: NONCE_PREFIX + crypto.randomUUID(),
    },
  };
  const special = page && (isPoliced(policiesOf(head.fields)) || isOddlyNamed(head.fields));
  const part = special ? await later.part().catch(() => undefined) : later.here;
  if (special && !part) {
    port.postMessage({ kind: "cancel" });
    return problemDocument(503, "part-missing", "A part of this page could not be loaded.");
  }
  const { admit, plainDisposition } = (special && part) || PLAIN;
  const plan = planResponse(facts, admit, plainDisposition);
  const tab = tabPolicyOf(head.fields);
  const posted = method === "POST";
  const moves = !posted && differs(shell.policy, tab) && !(tab.embedder && shell.embedded);
  // As the browser does with a frame that does not say it may be within an isolated page.
  const alone = shell.policy.embedder !== "" && !head.fields.some(isEmbedderPolicy);
  const admission = plan.admission && { ...plan.admission, alone: plan.admission.alone || alone };
  const tagging =
    plan.inject && admission
      ? tagFor(
          admission,
          head.origins,
          posted,
          moves ? tab : undefined,
          asked.guest,
          admission.inline ? part?.ownCode() : undefined,
        )
      : "";
  const headers = new Headers();
  for (const [name, value] of plan.fields) headers.append(name, value);
  const init = { status: head.status, statusText: head.reason, headers };
  if (head.error) headers.set(ERROR_FIELD, head.error);
  if (asked.save !== undefined) part?.saveAs(asked.save, headers);
  const sure = isDownload(head.status, headers);
  // What is not HTML, the browser may show or save.
  if (page && (sure || !(plan.inject || isRedirect(head.status))))
    reportDownload(shell, sure, isEmpty(head.status));
  if (hasNoBody(method, head.status) || head.end) {
    // Of octets, which unlike a text bring no type along.
    const empty = hasNoBody(method, head.status) ? null : new TextEncoder().encode(await tagging);
    reportSize(shell.client, url, 0);
    return new Response(empty, init);
  }
  const { client } = shell;
  const leads = headers.has("location") && isRedirect(head.status);
  const whole = (bytes: number): void => reportSize(client, url, bytes);
  let stream = bodyOf(port, shell, leads ? undefined : whole);
  if (leads) {
    // Browsers do not read it, and one complains that it was not read.
    void stream.pipeTo(new WritableStream()).catch(() => undefined);
    return new Response(null, init);
  }
  // Only now: what comes meanwhile is kept by the body.
  const tag = await tagging;
  const type = headers.get("content-type") ?? "";
  if (tag) stream = stream.pipeThrough(injectTag(tag, type, () => later.insertion()));
  return new Response(stream, init);
}

function isEmbedderPolicy([name]: Fields[number]): boolean {
  return name === EMBEDDER_POLICY;
}

function isDownload(status: number, headers: Headers): boolean {
  const disposition = headers.get("content-disposition") ?? "";
  return isEmpty(status) || ATTACHMENT.test(disposition);
}

function isEmpty(status: number): boolean {
  return status === 204 || status === 205;
}

function reportDownload(shell: Shell, sure: boolean, empty: boolean): void {
  shell.client.postMessage({ kind: "download", sure, empty } satisfies SwToPage);
}
