/**
 * types.mjs -- the compiler over each world by itself: page, worker and service worker do not have the same globals.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const web = fileURLToPath(new URL("..", import.meta.url));
const tsc = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));
for (const world of ["shared", "page", "worker", "sw", "tests"]) {
    const { status } = spawnSync(process.execPath, [tsc, "-p", `tsconfig.${world}.json`], {
        cwd: web,
        stdio: "inherit",
    });
    if (status !== 0) process.exitCode = 1;
}
