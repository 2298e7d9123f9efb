// What a request says of its body, and how that gets to the worker. Reading one is `sw/body-reading`.

import { marksOf } from "../messages/marks";
import type { RequestBody } from "../messages/sw-worker";
import type { ReadBody } from "./body-reading";

/** undefined: it is larger than this browser can send. reader: had when a body must be read. */
export async function requestBody(
  request: Request,
  reader: () => Promise<ReadBody>,
): Promise<RequestBody | undefined> {
  if (request.method === "GET" || request.method === "HEAD") return { kind: "none" };
  const { body: id } = marksOf(request.url);
  if (id !== undefined) return { kind: "reference", id };
  const read = await reader();
  return read(request);
}

/** How many bytes it has, where that is known. */
export function bodyLength(body: RequestBody): number | undefined {
  switch (body.kind) {
    case "none":
      return 0;
    case "bytes":
      return body.bytes.length;
    case "blob":
      return body.blob.size;
    case "stream":
    case "reference":
      return undefined;
    default:
      return body satisfies never;
  }
}

/** What must be given away with the message that carries it. */
export function transferOf(body: RequestBody): Transferable[] {
  if (body.kind === "bytes") return [body.bytes.buffer];
  return body.kind === "stream" ? [body.stream] : [];
}
