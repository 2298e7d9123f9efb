// Builds everything that runs in a visitor's browser into p2claw/edge/static/, says how large it is
// compressed, and fails where that is too much.
//
//   shell.html, sw.js             served under their own names, never cached; what begins a link is in
//                                 the page itself
//   <name>-<hash>.js              the rest of the shell, its worker, the injected script; immutable
//   page-<hash>.txt               the shell's page, as the Service Worker serves it
//   reset.html                    the page that forgets an address: whole in itself
//   licences.txt                  of what others wrote and is in these files
//   manifest.json                 which file is what, for the edge
//   *.br, *.gz                    the same, compressed
//
// --out DIR: into another folder.  --first FILE: this script runs first in every realm.

import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { minify as shorten } from "terser";
import { licences } from "./licences.mjs";
import { privateNames } from "./private-names.mjs";

const { values: given } = parseArgs({
  options: { out: { type: "string" }, first: { type: "string", default: "" } },
});

// Brotli, of all that the first page of a first visit needs.
const MOST_BYTES = 53_600;
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const OUT = given.out
  ? `${resolve(given.out)}/`
  : fileURLToPath(new URL("../../p2claw/edge/static/", import.meta.url));
const FIRST = given.first && (await readFile(given.first, "utf8"));
const ASSETS = "/__p2claw/assets/";

const PRIVATE = privateNames();
const source = JSON.parse(await readFile(`${ROOT}package.json`, "utf8"));

const assets = {};
// Files that are loaded only where they are needed: they do not count.
const lazy = new Set();
const built = new Map();
// What went into them, by names below ROOT.
const sources = new Set();
const injectWorkerUrl = await oneLine("inject-worker");
const injectUrl = await asset("inject", { __INJECT_WORKER_URL__: injectWorkerUrl });
const inflateUrl = await decoder("inflate");
const lastRequestUrl = await partOfWorker("last-request");
const socketsUrl = await partOfWorker("sockets");
const workerLaterUrl = await partOfWorker("worker-later", {
  __DECODER_URLS__: {
    gzip: inflateUrl,
    deflate: inflateUrl,
    br: await decoder("brotli"),
    zstd: await decoder("zstd"),
  },
});
const workerUrl = await asset("worker", {
  __VERSION__: source.version,
  __LAST_REQUEST_URL__: lastRequestUrl,
  __SOCKETS_URL__: socketsUrl,
  __WORKER_LATER_URL__: workerLaterUrl,
});
const lateStyle = await style("src/late/late.css");
const syncUrl = await asset("sync", {}, { whenNeeded: true });
const lateConstants = { __LATE_STYLE__: lateStyle, __SYNC_URL__: syncUrl };
const lateUrl = await asset("late", lateConstants, { whenNeeded: true, format: "esm" });
const closingUrl = await asset("closing", {}, { whenNeeded: true, format: "esm" });
const guestUrl = await asset("guest", {}, { whenNeeded: true, format: "esm" });
const siblingUrl = await asset("sibling", {}, { whenNeeded: true, format: "esm" });
const guestWorkerUrl = await oneLine("guest-worker");
const shellUrl = await asset(
  "shell",
  {
    __LATE_URL__: lateUrl,
    __CLOSING_URL__: closingUrl,
    __GUEST_URL__: guestUrl,
    __SIBLING_URL__: siblingUrl,
  },
  { format: "esm" },
);
const startConstants = {
  __WORKER_URL__: workerUrl,
  __SHELL_URL__: shellUrl,
  __LATE_URL__: lateUrl,
};
const start = (await minify("src/start/main.ts", startConstants)).trim();

const ownWorkers = {
  __INJECT_WORKER_URL__: injectWorkerUrl,
  __GUEST_WORKER_URL__: guestWorkerUrl,
};
const swLaterConstants = { ...ownWorkers, __INJECT_URL__: injectUrl };
const swLaterUrl = await asset("sw-later", swLaterConstants, { whenNeeded: true });

const shellStyle = await style("src/shell/style.css");
const page = await readFile(`${ROOT}src/shell/shell.html`, "utf8");
const html = page.replace("/*style*/", () => shellStyle).replace("/*script*/", () => start);
if (/[^\x00-\x7f]/.test(html)) throw new Error("shell.html names no charset: it must be ASCII");
if (/<\/script|<!--/i.test(start)) throw new Error("shell.html cannot hold its script");
// The policy that the service worker sends admits exactly this style and this script.
if (![`<style>${shellStyle}</style>`, `<script>${start}</script>`].every((it) => html.includes(it)))
  throw new Error("shell.html has no place for its style or script");
// The script in it too: as a file of its own it began 30 ms later.
const pageUrl = keep("page.txt", html, true);
const sw = await minify("src/sw/main.ts", {
  __VERSION__: `${source.version}-${hash(html + injectUrl + injectWorkerUrl + guestWorkerUrl + swLaterUrl)}`,
  __INJECT_URL__: injectUrl,
  ...ownWorkers,
  __SW_LATER_URL__: swLaterUrl,
  __LATE_URL__: lateUrl,
  __SOCKETS_URL__: socketsUrl,
  __WORKER_LATER_URL__: workerLaterUrl,
  __GUEST_URL__: guestUrl,
  __ASSET_URLS__: Object.values(assets)
    .filter((name) => !lazy.has(name))
    .map((name) => ASSETS + name),
  // But for one decoder, which is larger than all others and which browsers mostly have.
  __LATE_URLS__: Object.entries(assets)
    .filter(([name, file]) => lazy.has(file) && name !== "brotli.js")
    .map(([, file]) => ASSETS + file),
  __PAGE_URL__: pageUrl,
  __SHELL_CSP__: contentSecurityPolicy(shellStyle, start),
});

const resetScript = (await minify("src/reset/main.ts", {})).trim();
const reset = (await readFile(`${ROOT}src/reset/reset.html`, "utf8"))
  .replace("/*style*/", () => shellStyle + lateStyle)
  .replace("/*script*/", () => resetScript);
lazy.add("reset.html").add("licences.txt");

const files = new Map([
  ["shell.html", html],
  ["reset.html", reset],
  ["sw.js", sw],
  ["licences.txt", await licences(ROOT, [...sources])],
]);
for (const [name, text] of built) files.set(name, text);
report(await writeAll(files));

// What goes before an app's script, in its first line.
async function oneLine(name) {
  const url = await asset(name, {}, { whenNeeded: true });
  const text = built.get(url.slice(ASSETS.length)).trimEnd();
  if (!FIRST && text.includes("\n")) throw new Error(`${name} must be one line`);
  return url;
}

// Modules that the worker imports when a request or a response needs one.
function partOfWorker(name, constants = {}, folder = "") {
  const entry = `src/worker/${folder}${name}.ts`;
  return asset(name, constants, { whenNeeded: true, entry, format: "esm" });
}

function decoder(name) {
  return partOfWorker(name, {}, "decoders/");
}

async function asset(name, constants, { whenNeeded = false, entry, format } = {}) {
  const text = await minify(entry ?? `src/${name}/main.ts`, constants, format);
  return keep(`${name}.js`, text, whenNeeded);
}

function keep(name, text, whenNeeded) {
  const file = name.replace(".", `-${hash(text)}.`);
  if (whenNeeded) lazy.add(file);
  assets[name] = file;
  built.set(file, text);
  return ASSETS + file;
}

async function style(file) {
  return (await minify(file, {})).trim();
}

async function minify(entry, constants, format = "iife") {
  // Nothing that others wrote is anywhere else.
  const foreign = entry.includes("/decoders/");
  const define = Object.entries(constants).map(([name, value]) => [name, JSON.stringify(value)]);
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    bundle: true,
    format,
    loader: { ".wasm": "binary" },
    target: "es2022",
    minify: entry.endsWith(".css"),
    // It may know its members by strings.
    ...(!foreign && { mangleProps: PRIVATE }),
    legalComments: "none",
    write: false,
    metafile: true,
    define: Object.fromEntries(define),
    logLevel: "warning",
  });
  const [{ text }] = result.outputFiles;
  const [{ inputs }] = Object.values(result.metafile.outputs);
  for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
    if (!bytesInOutput) continue;
    if (file.includes("node_modules/") && !foreign) throw new Error(`${entry} has ${file} in it`);
    sources.add(file);
  }
  if (entry.endsWith(".css")) return text;
  const { code } = await shorten(FIRST + text, {
    ecma: 2022,
    format: { ascii_only: entry === "src/start/main.ts" },
    toplevel: true,
    module: format === "esm",
    compress: { passes: 3, inline: 1, sequences: false },
  });
  const [missing] = /\b__[A-Z_]+__\b/.exec(code) ?? [];
  if (missing) throw new Error(`${entry} does not know ${missing}`);
  return code;
}

// As the edge's, for the shell's page that the Service Worker serves, which adds the host's sockets.
function contentSecurityPolicy(style, script) {
  const source = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  return [
    "default-src 'none'",
    `script-src 'self' ${source(script)}`,
    `style-src ${source(style)}`,
    // A still copy of the app's page is printed in the tab.
    "style-src-attr 'unsafe-inline'",
    "font-src http: https: data: blob:",
    "worker-src 'self'",
    // Pictures for a tab and for installing the app are of any site.
    "img-src http: https: data: blob:",
    "manifest-src http: https: data: blob:",
    "frame-src 'self' blob: data:",
    "base-uri 'none'",
    "form-action 'self'",
  ].join("; ");
}

/** Writes each file, also compressed; its sizes by name: as it is, by gzip, by brotli. */
async function writeAll(files) {
  const sizes = new Map();
  await mkdir(OUT, { recursive: true });
  for (const old of await readdir(OUT)) await rm(OUT + old, { recursive: true });
  for (const [name, text] of files) {
    const gzip = gzipSync(text, { level: 9 });
    const br = lazy.has(name) ? brotli(text) : smallest(text);
    await writeFile(OUT + name, text);
    await writeFile(`${OUT}${name}.br`, br);
    await writeFile(`${OUT}${name}.gz`, gzip);
    sizes.set(name, [Buffer.byteLength(text), gzip.length, br.length]);
  }
  const own = { shell: "shell.html", reset: "reset.html", sw: "sw.js", licences: "licences.txt" };
  const manifest = { ...own, assets };
  await writeFile(`${OUT}manifest.json`, `${JSON.stringify(manifest, null, 2)}\n`);
  return sizes;
}

function report(sizes) {
  const rows = [...sizes].map(([name, each]) => [name, ...each]);
  const loaded = rows.filter(([name]) => !lazy.has(name));
  const sum = (column) => loaded.reduce((total, row) => total + row[column], 0);
  console.log(["bytes".padStart(32), "gzip".padStart(8), "brotli".padStart(8)].join(""));
  const print = ([name, ...sizes]) =>
    console.log(name.padEnd(24) + sizes.map((size) => String(size).padStart(8)).join(""));
  for (const row of loaded) print(row);
  print(["together", sum(1), sum(2), sum(3)]);
  for (const row of rows) if (lazy.has(row[0])) print([`when needed: ${row[0]}`, ...row.slice(1)]);
  // What is built with more in front is for tests.
  if (!FIRST && sum(3) > MOST_BYTES) {
    console.error(`The bootstrap has ${sum(3)} bytes as brotli, more than ${MOST_BYTES}.`);
    process.exitCode = 1;
  }
}

function brotli(text, params = {}) {
  return brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, ...params } });
}

// How distances are written (RFC 7932 §4) is worth 10 to 40 bytes a file, differently for each. Every
// decoder reads them all. It takes a while, so only what the first page needs is tried.
function smallest(text) {
  const ways = Array.from({ length: 16 }, (_, number) => ({
    [constants.BROTLI_PARAM_NPOSTFIX]: 1,
    [constants.BROTLI_PARAM_NDIRECT]: 2 * number,
  }));
  const tried = [{}, ...ways].map((way) => brotli(text, way));
  return tried.reduce((least, one) => (one.length < least.length ? one : least));
}

function hash(text) {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
