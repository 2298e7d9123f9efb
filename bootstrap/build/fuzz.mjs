// node build/fuzz.mjs [SECONDS] [TARGET…]: hostile bytes for the decoders of the browser side, under
// coverage guidance (Jazzer.js, libFuzzer). A find ends it, and its bytes are kept in build/fuzz-browser.
// Jazzer.js needs glibc 2.38 or newer (Debian 13). NODE: a Node.js that has one, if it is another.

import { spawnSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const TOP = join(ROOT, "..");
const TARGETS = ["msgpack", "frames", "heads", "hello", "records", "session"];
const BUILT = join(TOP, "build/fuzz-browser");
const JAZZER = join(TOP, "tests/fuzz/browser/node_modules/@jazzer.js/core/dist/cli.js");

const [seconds = "60", ...named] = process.argv.slice(2);
const unknown = named.filter((name) => !TARGETS.includes(name));
if (unknown.length || !/^[0-9]+$/.test(seconds)) {
  console.error(`fuzz.mjs [SECONDS] [TARGET…], of ${TARGETS.join(", ")}`);
  process.exit(2);
}

await build({
  absWorkingDir: ROOT,
  entryPoints: ["test/fuzz/targets.ts"],
  outfile: join(BUILT, "targets.cjs"),
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  logLevel: "warning",
});
for (const target of named.length ? named : TARGETS) {
  const corpus = join(BUILT, "corpus", target);
  await mkdir(corpus, { recursive: true });
  for (const [number, seed] of (await seeds(target)).entries()) {
    await writeFile(join(corpus, `seed-${number}`), seed);
  }
  console.log(`» fuzz ${target} for ${seconds} s`);
  const options = [
    `-max_total_time=${seconds}`,
    "-max_len=4096",
    "-timeout=20",
    "-print_final_stats=1",
    `-artifact_prefix=${BUILT}/find-${target}-`,
  ];
  const args = [JAZZER, "targets.cjs", corpus, "-f", target, "--sync", "-i", "targets.cjs"];
  const { status, stderr } = spawnSync(
    process.env.NODE ?? process.execPath,
    [...args, "--", ...options],
    {
      cwd: BUILT,
      encoding: "utf8",
      maxBuffer: 1 << 28,
    },
  );
  await writeFile(join(BUILT, `${target}.log`), stderr);
  const lines = stderr.trimEnd().split("\n");
  if (status !== 0) {
    console.error(lines.slice(-40).join("\n"));
    process.exit(1);
  }
  const last = lines.filter((line) => /cov: /.test(line)).slice(-1);
  console.log(
    [...last, ...lines.filter((line) => /executed_units|new_units/.test(line))].join("\n"),
  );
}

// From the vectors; those of a session are its transcripts, each message a record.
async function seeds(target) {
  if (target === "session") {
    const { transcripts } = await vectors("session");
    return transcripts
      .filter(({ role }) => role === "visitor")
      .map(({ steps }) => {
        const messages = steps.filter((step) => step.do === "receive").map((step) => step.message);
        const whole = messages.filter(isHex).map(bytes);
        return Buffer.concat([
          Buffer.of(0),
          ...whole.filter((one) => one.length < 600).map(record),
        ]);
      });
  }
  if (target === "msgpack") return [...(await seeds("heads")), ...(await seeds("hello"))];
  if (target === "frames") return short((await vectors("frames")).valid.map((one) => one.message));
  if (target === "hello") return short((await vectors("hello")).valid.map((one) => one.payload));
  if (target === "records") {
    const all = short((await vectors("records")).valid.map((one) => one.bytes));
    return all.map((one) => Buffer.concat([Buffer.of(3), one]));
  }
  const { response, trailers } = await vectors("heads");
  return short([...response.valid, ...trailers.valid].map((one) => one.payload));
}

async function vectors(name) {
  return JSON.parse(await readFile(join(TOP, "tests/vectors", `${name}.json`), "utf8"));
}

function short(all) {
  return all.map(bytes).filter((one) => one.length < 2_500);
}

function isHex(message) {
  return typeof message === "string" || Array.isArray(message);
}

function bytes(hex) {
  const text =
    typeof hex === "string" ? hex : hex.map(([part, times]) => part.repeat(times)).join("");
  return Buffer.from(text, "hex");
}

function record(message) {
  return Buffer.concat([Buffer.of(0, message.length >> 8, message.length & 0xff), message]);
}
