// Our tag comes first in a page, wherever the page's pieces are cut.

import assert from "node:assert/strict";
import { test } from "node:test";
import { injectTag } from "../../src/sw/html-injection";

const TAG = "<script src=x></script>";

async function injected(...pieces: string[]): Promise<string> {
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(Uint8Array.from(Buffer.from(piece, "latin1")));
      controller.close();
    },
  });
  const parts: Buffer[] = [];
  for await (const part of source.pipeThrough(injectTag(TAG))) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString("latin1");
}

const PAGES: [name: string, before: string, after: string][] = [
  ["behind <head>", "<!doctype html><html><head>", "<title>x</title></head>"],
  [
    "behind <HEAD> with attributes",
    '<!DOCTYPE html>\n<HTML lang="en">\n<HEAD prefix="og: x">',
    "<title>",
  ],
  ["behind a comment and a head", "<!-- hello > --><html><head>", "<meta charset=utf-8>"],
  ["before the title where there is no head", "<!doctype html>\n", "<title>x</title>"],
  ["before the text where there is no markup", "", "hello"],
  ["not into a <header>", "<!doctype html>", "<header>x</header>"],
  ["behind a byte order mark", "\xef\xbb\xbf<!doctype html>", "<p>x"],
  [
    "behind an XML declaration",
    '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head>',
    "<title/>",
  ],
  ["into an empty page", "", ""],
];

for (const [name, before, after] of PAGES) {
  test(name, async () => assert.equal(await injected(before + after), before + TAG + after));
  test(`${name}, byte by byte`, async () => {
    assert.equal(await injected(...(before + after)), before + TAG + after);
  });
}

test("a page that never says where its head is gets the tag after 2 KB", async () => {
  const long = `<!--${"x".repeat(5_000)}--><head>`;
  assert.equal(await injected(long), TAG + long);
});

test("UTF-16 is left alone", async () => {
  assert.equal(await injected("\xff\xfe<\0h\0"), "\xff\xfe<\0h\0");
});

test("a page that stops to think is not held back", async () => {
  const { readable, writable } = injectTag(TAG);
  const writer = writable.getWriter();
  void writer.write(Uint8Array.from(Buffer.from("<!doctype html><p>tick")));
  const { value } = await readable.getReader().read();
  assert.equal(Buffer.from(value ?? []).toString(), `<!doctype html>${TAG}<p>tick`);
});
