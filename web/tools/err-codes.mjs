/**
 * err-codes.mjs -- writes src/gen/err.ts from src/base/err.def, the one list of errors.
 *
 *   node tools/err-codes.mjs           writes it
 *   node tools/err-codes.mjs --check   says whether it is what err.def would give
 */
import { readFileSync, writeFileSync } from "node:fs";

const here = new URL("..", import.meta.url);
const list = readFileSync(new URL("../src/base/err.def", here), "utf8");
const target = new URL("src/gen/err.ts", here);

const codes = new Set();
for (const row of list.matchAll(/^ERR\((\w+), (\d+), "(\w+)"/gm)) {
    if (row[3] !== "ok") codes.add(row[3]);
}
if (codes.size < 10) throw new Error("src/base/err.def has another form than this program knows");

const text = [
    "/* Made from src/base/err.def by tools/err-codes.mjs (npm run codes). Not to be edited. */",
    "",
    "/** Every code of an error, as it goes over the wire. */",
    "export const CODES = [",
    ...[...codes].map((code) => `    "${code}",`),
    "] as const;",
    "",
    "export type Code = (typeof CODES)[number];",
    "",
].join("\n");

if (process.argv[2] === "--check") {
    if (readFileSync(target, "utf8") !== text) {
        console.error(`web/src/gen/err.ts:1: is not what src/base/err.def says any more: npm --prefix web run codes`);
        process.exit(1);
    }
} else {
    writeFileSync(target, text);
}
