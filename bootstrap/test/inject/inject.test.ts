// What the injected script computes: event streams, and bodies as one Blob.

import assert from "node:assert/strict";
import { test } from "node:test";
import { blobBody } from "../../src/inject/body";
import { EventStreamParser, type StreamEvent } from "../../src/inject/event-source-parser";

function parsed(...pieces: string[]): {
  events: StreamEvent[];
  retries: number[];
  lastEventId: string;
} {
  const retries: number[] = [];
  const parser = new EventStreamParser("", (ms) => retries.push(ms));
  const events = pieces.flatMap((piece) => [...parser.push(piece)]);
  return { events, retries, lastEventId: parser.lastEventId };
}

const message = (data: string, lastEventId = "", type = "message"): StreamEvent => ({
  type,
  data,
  lastEventId,
});

test("lines of data make one event", () => {
  assert.deepEqual(parsed("data: a\ndata:b\n\n").events, [message("a\nb")]);
});

test("an event has a type and an id, and the id stays", () => {
  const { events } = parsed("id: 7\nevent: tick\ndata: 1\n\ndata: 2\n\n");
  assert.deepEqual(events, [message("1", "7", "tick"), message("2", "7")]);
});

test("pieces may be cut anywhere, within CRLF too", () => {
  assert.deepEqual(parsed(..."data: x\r\n\r\ndata: y\n\n").events, [message("x"), message("y")]);
});

test("comments and unknown fields are passed over", () => {
  assert.deepEqual(parsed(": hello\nfoo: bar\ndata\n\n").events, [message("")]);
});

test("an event without data is none", () => {
  assert.deepEqual(parsed("event: x\n\n").events, []);
});

test("an id counts from the blank line on, with data or without", () => {
  assert.equal(parsed("id: 7\n\nid: 8\ndata: cut off").lastEventId, "7");
});

test("the time to wait is taken where it is a number", () => {
  assert.deepEqual(parsed("retry: 500\nretry: soon\n").retries, [500]);
});

test("a form becomes multipart, with names escaped and line ends as they must be", async () => {
  const form = new FormData();
  form.append('a"b', "x\ny");
  form.append("file", new Blob(["data"], { type: "text/csv" }), 'na"me.csv');
  const body = blobBody(form) ?? assert.fail();
  const boundary = body.type.split("boundary=")[1];
  const expected = [
    `--${boundary}`,
    'Content-Disposition: form-data; name="a%22b"',
    "",
    "x",
    "y",
    `--${boundary}`,
    'Content-Disposition: form-data; name="file"; filename="na%22me.csv"',
    "Content-Type: text/csv",
    "",
    "data",
    `--${boundary}--`,
    "",
  ];
  assert.equal(await body.blob.text(), expected.join("\r\n"));
});

test("what a browser sends of our form is read back as the same form", async () => {
  const form = new FormData();
  form.append("name", "crab");
  const body = blobBody(form) ?? assert.fail();
  const back = await new Response(body.blob, { headers: { "content-type": body.type } }).formData();
  assert.deepEqual([...back], [["name", "crab"]]);
});

test("text and parameters carry their types", () => {
  assert.equal(blobBody("x")?.type, "text/plain;charset=UTF-8");
  assert.equal(
    blobBody(new URLSearchParams("a=b"))?.type,
    "application/x-www-form-urlencoded;charset=UTF-8",
  );
});

test("a stream is left to the browser", () => {
  assert.equal(blobBody(new ReadableStream()), undefined);
});
