// The body of a request, read: whole if it is small, else streamed; or its name, if it came by reference.

import { marksOf } from "../messages/marks";
import type { RequestBody } from "../messages/sw-worker";

type Piece = Uint8Array<ArrayBuffer>;

// Small bodies go whole: their length is then known, and an app need not read a body of unknown
// length.
const WHOLE_BYTES = 65_536;
// A page that streams its body may take its time with the first 64 KiB.
const WHOLE_MS = 20;
// Where requests have no `body`, a Blob of 200 MB was measured to cost 1.4 GB.
const BLOB_BYTES = 33_554_432;

/**
 * undefined: it is larger than this browser can send from a place that hands it over in one piece.
 * Throws what reading the body throws.
 */
export async function readBody(request: Request): Promise<RequestBody | undefined> {
  if (request.method === "GET" || request.method === "HEAD") return { kind: "none" };
  const { body: id } = marksOf(request.url);
  if (id !== undefined) return { kind: "reference", id };
  if ("body" in Request.prototype && streamsMove()) {
    return request.body ? streamed(request.body as ReadableStream<Piece>) : { kind: "none" };
  }
  const blob = await (request as Request).blob();
  if (blob.size > BLOB_BYTES) return undefined;
  return blob.size ? { kind: "blob", blob } : { kind: "none" };
}

let moves: boolean | undefined;

// Whether a stream can be given to a worker.
function streamsMove(): boolean {
  if (moves !== undefined) return moves;
  const { port1 } = new MessageChannel();
  const stream = new ReadableStream();
  try {
    port1.postMessage(stream, [stream]);
    moves = true;
  } catch {
    moves = false;
  }
  port1.close();
  return moves;
}

async function streamed(stream: ReadableStream<Piece>): Promise<RequestBody> {
  const reader = stream.getReader();
  const head: Piece[] = [];
  let size = 0;
  const slow = new Promise<"slow">((resolve) => setTimeout(() => resolve("slow"), WHOLE_MS));
  while (size <= WHOLE_BYTES) {
    const reading = reader.read();
    const result = await Promise.race([reading, slow]);
    if (result === "slow") return { kind: "stream", stream: rest(head, reader, reading) };
    if (result.done) return { kind: "bytes", bytes: joined(head, size) };
    head.push(result.value);
    size += result.value.length;
  }
  return { kind: "stream", stream: rest(head, reader, undefined) };
}

// What was read already, then what still comes. `reading` is a read that is on its way.
function rest(
  head: Piece[],
  reader: ReadableStreamDefaultReader<Piece>,
  reading: Promise<ReadableStreamReadResult<Piece>> | undefined,
): ReadableStream<Piece> {
  return new ReadableStream<Piece>(
    {
      async pull(controller) {
        const ready = head.shift();
        if (ready) {
          controller.enqueue(ready);
          return;
        }
        const result = await (reading ?? reader.read());
        reading = undefined;
        if (result.done) controller.close();
        else controller.enqueue(result.value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

function joined(parts: Piece[], size: number): Piece {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
