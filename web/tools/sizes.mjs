/**
 * sizes.mjs -- what the first useful screen weighs, part by part, as it goes over the wire; and what it may.
 *
 * The whole may be 250 KB, of which the core takes up to 110; the rest is divided here. KB are 1,000 bytes.
 */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** @typedef {{ what: string, holds: RegExp, may_kb: number, is_first: boolean }} Part */

/** @type {readonly Part[]} The first row that fits a file is its own. */
export const PARTS = [
    { what: "page, with its words", holds: /^a\/index-[^/]*\.js$/, may_kb: 29, is_first: true },
    { what: "worker", holds: /^a\/(worker|kdf)-[^/]*\.js$/, may_kb: 17, is_first: true },
    { what: "core", holds: /^a\/[^/]*\.wasm$/, may_kb: 110, is_first: true },
    { what: "style", holds: /^a\/[^/]*\.css$/, may_kb: 5, is_first: true },
    { what: "two faces, latin", holds: /^a\/[^/]*-latin-wght-[^/]*\.woff2$/, may_kb: 87, is_first: true },
    {
        what: "document, icon, manifest, sw",
        holds: /^(index\.html|icon\.svg|manifest\.webmanifest|sw\.js)$/,
        may_kb: 2,
        is_first: true,
    },
    { what: "later: faces beyond latin", holds: /\.woff2$/, may_kb: 100, is_first: false },
    { what: "later: icons of the installed app", holds: /\.png$/, may_kb: 24, is_first: false },
    { what: "later: everything else", holds: /^/, may_kb: 60, is_first: false },
];

/** What the first useful screen may weigh together, with the core. */
export const FIRST_MAY_KB = 250;

/**
 * files_of -- every file of a folder, with the bytes that go over the wire: the brotli copy's, if there is one.
 *
 * @param {string} folder
 * @param {string} [below]
 * @returns {{ name: string, bytes_n: number }[]}
 */
export function files_of(folder, below = "") {
    return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
        const name = below ? `${below}/${entry.name}` : entry.name;
        if (entry.isDirectory()) return files_of(folder, name);
        if (/\.(br|gz)$/.test(name)) return [];
        const packed = statSync(join(folder, `${name}.br`), { throwIfNoEntry: false });
        return [{ name, bytes_n: (packed ?? statSync(join(folder, name))).size }];
    });
}

/**
 * sizes_of -- the table, and what is over its budget.
 *
 * @param {readonly { name: string, bytes_n: number }[]} files
 * @returns {{ table: string, wrong: string[] }}
 */
export function sizes_of(files) {
    const sums = PARTS.map(() => 0);
    for (const { name, bytes_n } of files) {
        const row = PARTS.findIndex(({ holds }) => holds.test(name));
        sums[row] = (sums[row] ?? 0) + bytes_n;
    }
    const kb = (/** @type {number} */ bytes_n) => (bytes_n / 1000).toFixed(1).padStart(7);
    const line = (/** @type {string} */ what, /** @type {number} */ bytes_n, /** @type {number} */ may_kb) =>
        `  ${what.padEnd(34)}${kb(bytes_n)} KB of ${may_kb}`;
    const first_n = sums.reduce((sum, bytes_n, row) => sum + (PARTS[row]?.is_first ? bytes_n : 0), 0);
    const rows = PARTS.map(({ what, may_kb }, row) => ({ what, may_kb, bytes_n: sums[row] ?? 0 }));
    const all = [...rows, { what: "first useful screen", may_kb: FIRST_MAY_KB, bytes_n: first_n }];
    return {
        table: all.map(({ what, may_kb, bytes_n }) => line(what, bytes_n, may_kb)).join("\n"),
        wrong: all
            .filter(({ may_kb, bytes_n }) => bytes_n > may_kb * 1000)
            .map(({ what, may_kb, bytes_n }) => `${what}: ${bytes_n} bytes, and ${may_kb} KB is what it may weigh`),
    };
}
