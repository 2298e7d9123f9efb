// Which names the build may shorten: those of members that only the code of one build ever reads by
// name. These are the private members of all classes, and every member of a class in a room whose
// objects no app and no other realm gets. A name that stands anywhere else is left as it is.

import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const SRC = fileURLToPath(new URL("../src/", import.meta.url));
const LIB = dirname(createRequire(import.meta.url).resolve("typescript"));
const ROOMS = /^(wire|worker|shell|sw)\//;

/** props: for esbuild's `mangleProps`. kept: names in the source that stay, which none may get. */
export function shortNames() {
  const own = new Set();
  const others = new Set();
  const strings = namesOfBrowsers();
  for (const name of readdirSync(SRC, { recursive: true }).filter((name) => name.endsWith(".ts"))) {
    const text = readFileSync(join(SRC, name), "utf8");
    const file = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
    visit(file, ROOMS.test(name), own, others, strings);
  }
  const isKept = (name) => others.has(name) || strings.has(name);
  const found = [...own].filter((name) => !isKept(name)).sort();
  const kept = new Set([...others, ...[...own].filter(isKept)]);
  return { props: new RegExp(`^(${found.join("|")})$`), kept };
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

function visit(node, inRoom, own, others, strings) {
  if (isPrivate(node) || (inRoom && (isOfClass(node) || isFunction(node)))) own.add(node.name.text);
  else if (ts.isStringLiteralLike(node)) strings.add(node.text);
  else if (isDeclared(node)) others.add(node.name.text);
  ts.forEachChild(node, (child) => visit(child, inRoom, own, others, strings));
}

function isPrivate(node) {
  return (
    isMember(node) &&
    ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword)
  );
}

function isOfClass(node) {
  return isMember(node) && !ts.isObjectLiteralExpression(node.parent);
}

// Of an object that the room makes, or of an interface for such objects.
function isFunction(node) {
  const made = ts.isPropertyAssignment(node) ? node.initializer : undefined;
  const type = ts.isPropertySignature(node) ? node.type : undefined;
  const found =
    ts.isMethodSignature(node) ||
    ts.isMethodDeclaration(node) ||
    (made && (ts.isArrowFunction(made) || ts.isFunctionExpression(made))) ||
    (type && ts.isFunctionTypeNode(type));
  return found && ts.isIdentifier(node.name);
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
