/**
 * lint.mjs -- holds every file of src to tools/rules.mjs.
 */
import { readdirSync, readFileSync } from "node:fs";
import { script_wrong, style_wrong } from "./rules.mjs";

/**
 * @param {string} folder
 * @returns {string[]}
 */
const files = (folder) =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
        const path = `${folder}/${entry.name}`;
        return entry.isDirectory() ? files(path) : [path];
    });

const wrong = files("src").flatMap((file) => {
    const text = readFileSync(file, "utf8");
    if (/\.tsx?$/.test(file) && !file.endsWith(".d.ts")) return script_wrong(file, text);
    return file.endsWith(".css") ? style_wrong(file, text) : [];
});
for (const line of wrong) console.error(`web/${line}`);
process.exitCode = wrong.length === 0 ? 0 : 1;
