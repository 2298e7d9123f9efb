// Checks the types of every realm, each against the globals that it really has, and the layout.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const REALMS = ["src/wire", "src/worker", "src/sw", "src/shell", "src/inject", "test"];

let failed = false;
for (const realm of REALMS) {
  const { status } = spawnSync("node_modules/.bin/tsc", ["-p", realm], {
    cwd: ROOT,
    stdio: "inherit",
  });
  failed ||= status !== 0;
}
const files = ["src", "test", "build"];
const layout = spawnSync("node_modules/.bin/prettier", ["--check", "--log-level=warn", ...files], {
  cwd: ROOT,
  stdio: "inherit",
});
failed ||= layout.status !== 0;
process.exitCode = failed ? 1 : 0;
