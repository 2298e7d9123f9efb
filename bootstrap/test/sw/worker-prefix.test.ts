// What goes before a worker's script: in its first line, and without changing what it means.

import assert from "node:assert/strict";
import { test } from "node:test";
import { beforeWorker } from "../../src/sw/worker-prefix";

const before = (script: string, url = "/ours.js"): string => beforeWorker(script, "ours;", url);

test("a classic script gets ours in its first line", () => {
  for (const script of [
    "",
    "let a;",
    "// c\nlet a",
    "important()",
    "import$ = 1",
    "exports.a = 1",
    "'a' + b",
  ]) {
    assert.equal(before(script), "ours;", script);
  }
});

test("a script that is strict stays so", () => {
  for (const script of ["'use strict'\nlet a", '/* a */ // b\n"use asm"; "use strict"; a']) {
    assert.equal(before(script), '"use strict";ours;', script);
  }
  for (const script of ["'use strict' + a", "'use strict'.length", "a; 'use strict'"]) {
    assert.equal(before(script), "ours;", script);
  }
});

test("a module that begins with imports gets one more before them", () => {
  const modules = [
    "import a from 'a'",
    'import"a"',
    "import{a}from'a'",
    "import * as a from 'a'",
    "\ufeff/* licence */\n// b\nimport a from 'a'",
    "'use strict';import a from 'a'",
    "export * from 'a'",
  ];
  for (const script of modules) assert.equal(before(script), 'import "/ours.js";', script);
});

test("an import that is an expression makes no module", () => {
  for (const script of ["import('a')", "import ('a')", "import.meta.url", "import /**/ ('a')"]) {
    assert.equal(before(script), "ours;", script);
  }
});

test("where our file must not be loaded a module gets the script itself", () => {
  assert.equal(before("import a from 'a'", ""), "ours;");
});

test("a first line for shells is still a comment", () => {
  assert.equal(before("#!/usr/bin/env node\nlet a"), "ours;//");
});
