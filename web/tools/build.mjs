/**
 * build.mjs -- the app into dist: built by Vite, compressed beforehand, weighed, and looked over for what the policy
 * would refuse.
 */
import { readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "vite";
import { document_wrong } from "./document.mjs";
import { files_of, sizes_of } from "./sizes.mjs";

const web = fileURLToPath(new URL("..", import.meta.url));
process.chdir(web);
await build();

/** What has been compressed by its own form, and would only grow. */
const IS_PACKED = /\.(woff2|png)$/;
const dist = join(web, "dist");
for (const { name } of files_of(dist)) {
    if (IS_PACKED.test(name)) continue;
    const file = join(dist, name);
    const bytes = readFileSync(file);
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
    writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params }));
    writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
}

const { table, wrong } = sizes_of(files_of(dist));
wrong.push(...document_wrong(readFileSync(join(dist, "index.html"), "utf8")));
console.log(table);
for (const line of wrong) console.error(`web/dist: ${line}`);
if (wrong.length > 0) process.exit(1);

// The newest file of all, so that make sees what was built before what.
const now = new Date();
utimesSync(join(dist, "index.html"), now, now);
