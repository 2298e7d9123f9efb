// Compares every Web API that the browser side uses with what Safari has, on Macs and on iOS, by
// MDN's data. No WebKit can be driven where this is built, so a feature that the oldest Safari we
// serve lacks must have an entry in safari-fallbacks.json that says what happens there instead.
//
// An API is found by the type checker: the declaration of each name in TypeScript's own libraries.
// Names that are reached by strings, Reflect.get(window, "navigation"), are looked at by the string.

import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const bcd = createRequire(import.meta.url)("@mdn/browser-compat-data");

const OLDEST = 16.4;
const BROWSERS = ["safari", "safari_ios"];
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const FALLBACKS = new URL("./safari-fallbacks.json", import.meta.url);

// What the browser side does without naming it in a way that a type checker sees.
const UNNAMED = {
  "api.RTCDataChannel.transferable": "src/shell/connector.ts",
  "api.ReadableStream.transferable": "src/sw/request-body.ts",
};

/** Every API that Safari lacks and that has no fallback; and fallbacks that nothing needs. */
export async function safariProblems() {
  const fallbacks = JSON.parse(await readFile(FALLBACKS, "utf8"));
  const realms = readdirSync(`${ROOT}src`, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${ROOT}src/${entry.name}/tsconfig.json`)
    .filter((path) => ts.sys.fileExists(path));
  const lacks = new Map();
  let known = 0;
  for (const realm of realms) {
    for (const [path, places] of usesOf(realm)) {
      const lack = lackIn(path);
      if (lack === undefined) continue;
      known += 1;
      if (lack) lacks.set(path, { lack, places: [...(lacks.get(path)?.places ?? []), ...places] });
    }
  }
  for (const [path, place] of Object.entries(UNNAMED)) {
    const lack = lackIn(path);
    if (lack === undefined) throw new Error(`MDN has no ${path}`);
    if (lack) lacks.set(path, { lack, places: [place] });
  }
  const problems = [];
  const needed = new Set();
  for (const [path, { lack, places }] of lacks) {
    const name = Object.keys(fallbacks).find((key) => covers(key, path));
    if (name) needed.add(name);
    else problems.push(`${path} (${lack}) at ${[...new Set(places)].join(", ")}`);
  }
  for (const name of Object.keys(fallbacks)) {
    if (!needed.has(name)) problems.push(`${name} has a fallback that nothing needs`);
  }
  return { known, problems };
}

// `api.NavigateEvent*` stands for the interface and everything of it.
function covers(name, path) {
  if (!name.endsWith("*")) return name === path;
  const owner = name.slice(0, -1);
  return path === owner || path.startsWith(`${owner}.`);
}

/** What the program of a tsconfig uses: MDN's path → places, as file:line. */
function usesOf(configPath) {
  const config = ts.getParsedCommandLineOfConfigFile(
    configPath,
    {},
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: (problem) => {
        throw new Error(ts.flattenDiagnosticMessageText(problem.messageText, "\n"));
      },
    },
  );
  const program = ts.createProgram(config.fileNames, config.options, hostOf(config.options));
  const checker = program.getTypeChecker();
  const uses = new Map();
  for (const file of program.getSourceFiles()) {
    if (file.isDeclarationFile) continue;
    visit(file, (node) => {
      for (const path of pathsOf(node, checker, program)) {
        const { line } = file.getLineAndCharacterOfPosition(node.getStart());
        const places = uses.get(path) ?? uses.set(path, new Set()).get(path);
        places.add(`${file.fileName.replace(ROOT, "")}:${line + 1}`);
      }
    });
  }
  return uses;
}

// The realms share most of their files, and TypeScript's libraries are large: each is parsed once.
const parsed = new Map();

function hostOf(options) {
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (name, ...given) => {
    if (!parsed.has(name)) parsed.set(name, getSourceFile.call(host, name, ...given));
    return parsed.get(name);
  };
  return host;
}

/** undefined: MDN has no entry. Otherwise the reason why the oldest Safari lacks it, or "". */
function lackIn(path) {
  const entry = path.split(".").reduce((at, key) => at?.[key], bcd);
  const support = entry?.__compat?.support;
  if (!support) return undefined;
  for (const browser of BROWSERS) {
    const [first] = [support[browser] ?? []].flat();
    const added = first?.version_added;
    if (!first || first.flags || added === false || added === null)
      return `${browser}: not supported`;
    if (first.version_removed) return `${browser}: removed in ${first.version_removed}`;
    if (added === "preview") return `${browser}: preview`;
    if (added !== true && Number.parseFloat(String(added).replace("≤", "")) > OLDEST)
      return `${browser}: since ${added}`;
  }
  return "";
}

function visit(node, found) {
  found(node);
  ts.forEachChild(node, (child) => visit(child, found));
}

function pathsOf(node, checker, program) {
  if (isReflected(node)) return namesByString(node.arguments[1].text);
  if (!ts.isIdentifier(node) || isInType(node)) return [];
  const symbol = checker.getSymbolAtLocation(node);
  const paths = [];
  for (const declaration of symbol?.declarations ?? []) {
    if (!program.isSourceFileDefaultLibrary(declaration.getSourceFile())) continue;
    paths.push(...pathOfDeclaration(declaration, node.text));
  }
  if (ts.isNewExpression(node.parent) && node.parent.expression === node)
    paths.push(`api.${node.text}.${node.text}`);
  return paths;
}

function pathOfDeclaration(declaration, name) {
  const { parent } = declaration;
  const file = declaration.getSourceFile().fileName;
  const language = /lib\.(es|decorators)[^/]*\.d\.ts$/.test(file);
  const root = language ? "javascript.builtins" : "api";
  if (ts.isInterfaceDeclaration(parent)) {
    const owner = parent.name.text.replace(/Constructor$/, "");
    return [`${root}.${owner}.${name}`];
  }
  if (ts.isTypeLiteralNode(parent) && ts.isVariableDeclaration(parent.parent))
    return [
      `${root}.${parent.parent.name.text}.${name}_static`,
      `${root}.${parent.parent.name.text}.${name}`,
    ];
  if (ts.isFunctionDeclaration(declaration)) return [`${root}.${name}`, `${root}.Window.${name}`];
  if (ts.isVariableDeclaration(declaration) || ts.isInterfaceDeclaration(declaration))
    return [`${root}.${name}`, `${root}.Window.${name}`, `${root}.WorkerGlobalScope.${name}`];
  return [];
}

// A name in a type is gone when the code runs.
function isInType(node) {
  for (let at = node.parent; at; at = at.parent) {
    if (ts.isTypeNode(at) || ts.isInterfaceDeclaration(at) || ts.isTypeAliasDeclaration(at))
      return !ts.isExpressionWithTypeArguments(at) || ts.isInterfaceDeclaration(at.parent.parent);
    if (ts.isStatement(at) || ts.isClassElement(at)) return false;
  }
  return false;
}

function isReflected(node) {
  return (
    ts.isCallExpression(node) &&
    node.expression.getText() === "Reflect.get" &&
    node.arguments.length > 1 &&
    ts.isStringLiteral(node.arguments[1])
  );
}

function namesByString(name) {
  const owners = ["Window", "Navigator", "Document", "NavigateEvent", "ServiceWorkerGlobalScope"];
  return [`api.${name}`, ...owners.map((owner) => `api.${owner}.${name}`)].filter(
    (path) => lackIn(path) !== undefined,
  );
}
