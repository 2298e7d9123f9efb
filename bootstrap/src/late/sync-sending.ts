// A synchronous request of a page, from its `send` to the response.

import type { SyncShell } from "../messages/late";
import type { SyncOpened, SyncRequest } from "../messages/sync-request";
import { SyncRequests } from "./sync-requests";
import { showFailure, showResponse } from "./sync-response";

const requests = new SyncRequests();
/** So that a page that asks again and again is not loaded again and again. */
const reloaded = new Set<string>();

/** As `Late.sendSync`. */
export function sendSync(
  xhr: XMLHttpRequest,
  opened: SyncOpened,
  page: Window & typeof globalThis,
): boolean {
  const { method, url, type } = opened;
  if (!requests.ready || !isOwn(opened)) return false;
  const response = requests.ask(requestOf(opened, page.location.href));
  opened.hide = response ? showResponse(xhr, response, type, page) : showFailure(xhr);
  if (!response) {
    const text = `Failed to execute 'send' on 'XMLHttpRequest': Failed to load '${url.href}' (${method}).`;
    throw new page.DOMException(text, "NetworkError");
  }
  return true;
}

/** As `Late.syncFailed`. */
export async function syncFailed(
  page: Window & typeof globalThis,
  shell: SyncShell,
  opened: SyncOpened,
): Promise<void> {
  const { href } = page.location;
  if (isOwn(opened) && !reloaded.has(href) && (await requests.opened)) {
    reloaded.add(href);
    // What a form led to is loaded again when the person says so.
    if (shell.frame() !== page || !shell.reloads()) page.location.reload();
    return;
  }
  const why =
    "This app asked for something synchronously (XMLHttpRequest), which this browser cannot send over the link.";
  console.error(`p2claw: ${why}`);
  shell.showLine(why);
}

// A sibling's response comes by way of this thread, which waits.
function isOwn({ url }: SyncOpened): boolean {
  return url.origin === location.origin;
}

function requestOf(opened: SyncOpened, referrer: string): SyncRequest {
  const { method, url, user, password, whole } = opened;
  const fields = [...opened.fields];
  if (user) fields.push(["authorization", `Basic ${btoa(`${user}:${password ?? ""}`)}`]);
  const body = /^(get|head)$/i.test(method) ? undefined : whole?.blob;
  if (body && whole?.type && !fields.some(([name]) => /^content-type$/i.test(name)))
    fields.push(["content-type", whole.type]);
  return { method, url: url.href, fields, body, referrer };
}
