// Our tag comes where no element of the page is moved by it, wherever the page's pieces are cut.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Insertion } from "../../src/sw/html-injection";
import { injectTag } from "../../src/sw/inject-tag";

const TAG = "<script src=x></script>";
const XML_TAG = '<script xmlns="http://www.w3.org/1999/xhtml" src=x></script>';
const HTML = "text/html";
const XHTML = "application/xhtml+xml";

async function injected(pieces: Buffer[], type: string): Promise<Buffer> {
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(Uint8Array.from(piece));
      controller.close();
    },
  });
  const parts: Buffer[] = [];
  const tagged = source.pipeThrough(injectTag(TAG, type, async () => Insertion));
  for await (const part of tagged) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

const bytewise = (whole: Buffer): Buffer[] => [...whole].map((byte) => Buffer.from([byte]));

const PAGES: [name: string, before: string, after: string][] = [
  ["behind <head>", "<!doctype html><html><head>", "<title>x</title></head>"],
  [
    "behind <HEAD> with attributes",
    '<!DOCTYPE html>\n<HTML lang="en">\n<HEAD prefix="og: x">',
    "<title>",
  ],
  ["behind a head whose attribute has a >", '<head data-x="a>b">', "<title>"],
  ["behind a head whose attribute has a > in single quotes", "<head data-x='a>b' y>", "<title>"],
  ["behind a head with an attribute that is not closed as it seems", '<head x=a"b>', '">'],
  ["behind a head with an attribute whose name begins with =", '<head =">', '"><title>'],
  ["behind a head with a slash", "<head/>", "<title>"],
  ["not at a head in an attribute", "<html data-y='<head>'>", "<body>"],
  ["not at a head in a comment", "<!-- <head> --><html><!--<head>-->", "<p>"],
  ["behind a comment and a head", "<!-- hello > --><html><head>", "<meta charset=utf-8>"],
  ["behind a comment that ends with --!>", "<!-- x --!><head>", "<p>"],
  ["behind an empty comment", "<!--><!---><head>", "<p>"],
  ["behind a comment that is none", "<!hello><!-x></ x><?php ?><head>", "<p>"],
  ["behind a long comment", `<!--${"x".repeat(70_000)}--><head>`, "<p>"],
  ["behind end tags that mean nothing there", "<html></p x='>'></><head>", "<p>"],
  ["before an end tag that implies a head", "<html>", "</head><p>"],
  ["before a script that stands before the head", "<!doctype html>", "<script>1</script><head>"],
  ["before a template", "<html>", "<template><head></template>"],
  ["before a frameset", "<!doctype html><html>", "<frameset cols='1,2'><frame></frameset>"],
  ["before the title where there is no head", "<!doctype html>\n", "<title>x</title>"],
  ["before a body", "<html lang=en>", "<body class=x>"],
  ["before the text where there is no markup", "\n", "hello <head>"],
  ["before a < that is text", "", "< head>"],
  ["not into a <header>", "<!doctype html>", "<header>x</header>"],
  ["not into an <htmlx>", "<!doctype html>", "<htmlx><head>"],
  ["behind a byte order mark", "\xef\xbb\xbf<!doctype html>", "<p>x"],
  [
    "behind a doctype that would be quirky",
    "<!doctype html public '-//W3C//DTD HTML 3.2//EN'>",
    "x",
  ],
  ["before a tag whose name is not finished", "<!doctype html>", "<ht"],
  ["into an empty page", "", ""],
];

for (const [name, before, after] of PAGES) {
  for (const [how, cut] of [
    ["", (whole: Buffer) => [whole]],
    [", byte by byte", bytewise],
  ] as const) {
    test(name + how, async () => {
      const page = Buffer.from(before + after, "latin1");
      const expected = before + TAG + after;
      assert.equal((await injected(cut(page), HTML)).toString("latin1"), expected);
    });
  }
}

const XHTML_PAGES: [name: string, before: string, after: string][] = [
  [
    "XHTML: behind the head",
    '<?xml version="1.0"?><!DOCTYPE html [<!ENTITY a "]>">]><html xmlns="u">\n<head>',
    "<title/></head></html>",
  ],
  ["XHTML: into the root where there is no head", '<html xmlns="u"><!-- c -->', "<body/></html>"],
  ["XHTML: before a head that is empty", '<html xmlns="u">', "<head x='>' /><body/></html>"],
  ["XHTML: behind a head with a prefix", '<h:html xmlns:h="u"><h:head>', "</h:head></h:html>"],
  ["XHTML: before text", "<html>", "<![CDATA[<head>]]></html>"],
  ["XHTML: an instruction may have a >", "<?x a>b ?><html><head>", "</head></html>"],
];

for (const [name, before, after] of XHTML_PAGES) {
  test(name, async () => {
    const page = Buffer.from(before + after);
    const expected = before + XML_TAG + after;
    assert.equal((await injected(bytewise(page), XHTML)).toString(), expected);
    assert.equal((await injected([page], `${XHTML}; charset=utf-8`)).toString(), expected);
  });
}

for (const [name, type, mark, swap] of [
  ["little-endian UTF-16 with its mark", HTML, "\ufeff", false],
  ["big-endian UTF-16 with its mark", "text/html; charset=utf-8", "\ufeff", true],
  ["little-endian UTF-16 by its field", 'text/html;charset="UTF-16"', "", false],
  ["big-endian UTF-16 by its field", "text/html; charset=utf-16be", "", true],
] as const) {
  test(name, async () => {
    const coded = (text: string): Buffer => {
      const bytes = Buffer.from(mark + text, "utf16le");
      return swap ? bytes.swap16() : bytes;
    };
    const page = coded("<html title='\u3c3e>'><head>\u3e3e</head>");
    const expected = coded(`<html title='\u3c3e>'><head>${TAG}\u3e3e</head>`);
    assert.deepEqual(await injected(bytewise(page), type), expected);
  });
}

for (const page of ["<html data-x='", "<!-- <head>"]) {
  test(`a page that ends within ${page} is left alone`, async () => {
    assert.equal((await injected(bytewise(Buffer.from(page)), HTML)).toString(), page);
  });
}

test("a page that stops to think is not held back", async () => {
  const { readable, writable } = injectTag(TAG, HTML, async () => Insertion);
  const writer = writable.getWriter();
  const reader = readable.getReader();
  void writer.write(Uint8Array.from(Buffer.from("<!-- a comment that is not")));
  assert.equal(
    Buffer.from((await reader.read()).value ?? []).toString(),
    "<!-- a comment that is not",
  );
  void writer.write(Uint8Array.from(Buffer.from(" over --><p>tick")));
  let text = "";
  while (!text.endsWith("tick")) text += Buffer.from((await reader.read()).value ?? []).toString();
  assert.equal(text, ` over -->${TAG}<p>tick`);
});
