// What is known of the body of a request, and how it gets to the worker. Reading one is `sw/body-reading`.

import type { RequestBody } from "../messages/sw-worker";

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
