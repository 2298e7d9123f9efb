// A worker of the shell that asks for what a page wants synchronously: its requests go to the Service
// Worker, where those of the page would go to the edge.

import { fieldsMark, marked, unmarked } from "../messages/marks";
import { STATE, type SyncHead, type SyncMessage, type SyncReady } from "../messages/sync-request";
import { Files } from "./files";

type Ask = Extract<SyncMessage, { kind: "ask" }>;

const shell = self as unknown as DedicatedWorkerGlobalScope;

void Files.open().then((files) => {
  files.put(STATE, "");
  shell.onmessage = ({ data }: MessageEvent<SyncMessage>) => {
    if (data.kind === "done") files.remove(data.id);
    else void reply(data, files);
  };
  shell.postMessage({ folder: files.url } satisfies SyncReady);
}, fail);

// Shows as an error of this worker.
function fail(error: unknown): void {
  setTimeout(() => {
    throw error;
  });
}

async function reply(asked: Ask, files: Files): Promise<void> {
  const state = (head: string): void => files.put(STATE, asked.id + head);
  const head: SyncHead = { response: undefined };
  try {
    state("");
    const response = await send(asked);
    files.put(asked.id, await response.arrayBuffer());
    const { status, statusText, url, headers } = response;
    head.response = { status, statusText, url: unmarked(url), fields: [...headers] };
  } catch {
    // As the page sees it: a network error.
  }
  try {
    state(JSON.stringify(head));
  } catch {
    files.remove(STATE); // nothing can be written
  }
}

function send({ url, method, fields, body, referrer }: Ask): Promise<Response> {
  const mark = fieldsMark(fields);
  return fetch(mark ? marked(url, { fields: mark }) : url, {
    method,
    headers: fields,
    referrer,
    ...(body && { body }),
  });
}
