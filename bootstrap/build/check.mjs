// Checks the types of every realm, each against the globals that it really has, what imports what, the
// layout, and that Safari has every API that is used, or something stands in for it.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { safariProblems } from "./safari.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const REALMS = [
  "src/wire",
  "src/cookies",
  "src/worker",
  "src/sw",
  "src/sw-later",
  "src/shell",
  "src/start",
  "src/inject",
  "src/late",
  "src/sync",
  "src/closing",
  "src/reset",
  "src/inject-worker",
  "src/guest",
  "src/sibling",
  "src/guest-worker",
  "test",
];

let failed = false;
for (const realm of REALMS) {
  const { status } = spawnSync("node_modules/typescript-7/bin/tsc", ["-p", realm], {
    cwd: ROOT,
    stdio: "inherit",
  });
  failed ||= status !== 0;
}
const imports = spawnSync(
  "node_modules/.bin/depcruise",
  ["--config", "build/imports.cjs", "--output-type", "err", "src"],
  { cwd: ROOT, stdio: "inherit" },
);
failed ||= imports.status !== 0;
const files = ["src", "test", "build"];
const layout = spawnSync("node_modules/.bin/prettier", ["--check", "--log-level=warn", ...files], {
  cwd: ROOT,
  stdio: "inherit",
});
failed ||= layout.status !== 0;
const { known, problems } = await safariProblems();
console.log(`${known} uses of Web APIs compared with Safari's`);
for (const problem of problems) console.error(`  ${problem}`);
if (problems.length)
  console.error("What happens there instead? build/safari-fallbacks.json says it.");
failed ||= problems.length > 0;
process.exitCode = failed ? 1 : 0;
