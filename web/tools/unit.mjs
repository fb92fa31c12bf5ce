/**
 * unit.mjs -- the unit tests, from wherever it is called.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const web = fileURLToPath(new URL("..", import.meta.url));
const vitest = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));
const { status } = spawnSync(process.execPath, [vitest, "run"], { cwd: web, stdio: "inherit" });
process.exitCode = status ?? 1;
