// Bundles every test of the pure parts and runs them in Node.

import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const VECTORS = fileURLToPath(new URL("../../tests/vectors/", import.meta.url));

const entries = (await readdir(join(ROOT, "test"), { recursive: true }))
  .filter((name) => name.endsWith(".test.ts"))
  .map((name) => join("test", name));
const out = await mkdtemp(join(tmpdir(), "p2claw-bootstrap-"));
try {
  await build({
    absWorkingDir: ROOT,
    entryPoints: entries,
    outbase: "test",
    outdir: out,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    sourcemap: "inline",
    logLevel: "warning",
    define: {
      __INJECT_URL__: '"/__p2claw/assets/inject.js"',
      __DECODER_URLS__: '{"gzip":"","deflate":"","br":"","zstd":""}',
      __LATE_URL__: '"/__p2claw/assets/late.js"',
      __VECTORS__: JSON.stringify(VECTORS),
    },
  });
  const files = entries.map((name) => join(out, name.slice("test/".length).replace(/ts$/, "mjs")));
  const { status } = spawnSync(process.execPath, ["--test", ...process.argv.slice(2), ...files], {
    stdio: "inherit",
    env: { ...process.env, NODE_OPTIONS: "--enable-source-maps" },
  });
  process.exitCode = status ?? 1;
} finally {
  await rm(out, { recursive: true });
}
