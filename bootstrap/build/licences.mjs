// The licences of what others wrote and the build puts into its files: one text for the edge to serve.
//
// The text of a package is its own. A package of WebAssembly was compiled of crates, which its own
// licence leaves out: their texts are in licences/PACKAGE/CRATE.txt, and a crate without one fails the build.

import { readFile, readdir } from "node:fs/promises";
import { basename, join } from "node:path";

const OWN_TEXT = /^(licen[cs]e|copying|notice)/i;
// As the compiler writes where its sources were, for the messages of a panic.
const CRATE = /(?:\/registry\/src\/[^/\0]+|\/rust\/deps)\/([\w-]+?)-(\d+\.\d+\.\d+)\//g;
const RULE = `${"=".repeat(80)}\n`;

/** The text. files: names below root of all that was built in; others than those of packages are ours. */
export async function licences(root, files) {
  const folders = new Set(files.map(packageFolder).filter(Boolean));
  const parts = await Promise.all([...folders].sort().map((folder) => part(root, folder, files)));
  const ours = await readFile(join(root, "../LICENSE"), "utf8");
  const head =
    "The files below /__p2claw/ are a part of p2claw, whose licence comes first. Built into them is\n" +
    "what others wrote, each part under its own licence:\n\n" +
    parts.flatMap(({ names }) => names.map((name) => `  ${name}\n`)).join("");
  return [head, section("p2claw", ours), ...parts.map(({ text }) => text)].join("\n");
}

/** The crates in a WebAssembly module, by name: their versions. */
export function cratesIn(module) {
  const found = [...module.toString("latin1").matchAll(CRATE)];
  return new Map(found.map(([, name, version]) => [name, version]));
}

function packageFolder(file) {
  const [, folder] = /^(.*\bnode_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file) ?? [];
  return folder;
}

async function part(root, folder, files) {
  const { name, version, license } = JSON.parse(
    await readFile(join(root, folder, "package.json"), "utf8"),
  );
  const own = (await readdir(join(root, folder))).filter((file) => OWN_TEXT.test(file)).sort();
  if (!own.length) throw new Error(`${name} has no text of its licence`);
  const title = `${name} ${version} (${license})`;
  const texts = await Promise.all(own.map((file) => readFile(join(root, folder, file), "utf8")));
  const inside = await compiledIn(root, folder, name, files);
  return {
    names: [title, ...inside.map((each) => each.title)],
    text: [
      section(title, texts.join("\n")),
      ...inside.map((each) => section(each.title, each.text)),
    ].join("\n"),
  };
}

async function compiledIn(root, folder, name, files) {
  const modules = files.filter((file) => file.startsWith(`${folder}/`) && file.endsWith(".wasm"));
  if (!modules.length) return [];
  const contents = await Promise.all(modules.map((file) => readFile(join(root, file))));
  const crates = new Map(contents.flatMap((content) => [...cratesIn(content)]));
  const texts = join(root, "licences", name);
  const known = (await readdir(texts)).sort().map((file) => basename(file, ".txt"));
  const missing = [...crates.keys()].filter((crate) => !known.includes(crate));
  if (missing.length)
    throw new Error(
      `${name} has crates in it that have no licence in ${texts}: ${missing.join(", ")}`,
    );
  // What leaves no name in a module is there too: licences/README.md lists it.
  return Promise.all(
    known.map(async (crate) => ({
      title: `${crate} ${crates.get(crate) ?? ""}`.trimEnd() + `, in ${name}`,
      text: await readFile(join(texts, `${crate}.txt`), "utf8"),
    })),
  );
}

function section(title, text) {
  return `${RULE}${title}\n${RULE}\n${text.trim()}\n`;
}
