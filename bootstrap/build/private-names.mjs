// Which names belong to private members of classes alone: the build gives them shorter ones. No other
// bundle can know them, and a name that stands anywhere else is left as it is.

import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const SRC = fileURLToPath(new URL("../src/", import.meta.url));
const LIB = dirname(createRequire(import.meta.url).resolve("typescript"));

/** For esbuild's `mangleProps`. */
export function privateNames() {
  const own = new Set();
  const others = namesOfBrowsers();
  for (const name of readdirSync(SRC, { recursive: true }).filter((name) => name.endsWith(".ts"))) {
    const text = readFileSync(join(SRC, name), "utf8");
    visit(ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true), own, others);
  }
  const found = [...own].filter((name) => !others.has(name)).sort();
  return new RegExp(`^(${found.join("|")})$`);
}

// Whatever is declared in TypeScript's own libraries.
function namesOfBrowsers() {
  const names = new Set();
  for (const file of readdirSync(LIB).filter((name) => /^lib\..*\.d\.ts$/.test(name))) {
    const text = readFileSync(join(LIB, file), "utf8");
    for (const [, name] of text.matchAll(/([A-Za-z_$][\w$]*)\s*[?:(<;]/g)) names.add(name);
  }
  return names;
}

function visit(node, own, others) {
  if (isPrivate(node)) own.add(node.name.text);
  else if (ts.isStringLiteralLike(node)) others.add(node.text);
  else if (isDeclared(node)) others.add(node.name.text);
  ts.forEachChild(node, (child) => visit(child, own, others));
}

function isPrivate(node) {
  return (
    isMember(node) &&
    ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword)
  );
}

function isMember(node) {
  const member =
    ts.isPropertyDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isAccessor(node) ||
    ts.isParameterPropertyDeclaration(node, node.parent);
  return member && ts.isIdentifier(node.name);
}

// A member that anybody may use, or a property of data.
function isDeclared(node) {
  const declared =
    isMember(node) ||
    ts.isMethodSignature(node) ||
    ts.isPropertySignature(node) ||
    ts.isPropertyAssignment(node) ||
    ts.isShorthandPropertyAssignment(node);
  return declared && ts.isIdentifier(node.name);
}
