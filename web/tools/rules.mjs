/**
 * rules.mjs -- what neither compiler nor Biome can check: who may import whom, and that only tokens.css has colours,
 * sizes and durations. Pure functions over a path and a text; tools/lint.mjs reads the files.
 */

/**
 * Which folders each folder may import from, its own aside. The first that fits counts.
 *
 * @type {readonly (readonly [string, readonly string[]])[]}
 */
const MAY = [
    ["src/gen/", []],
    ["src/link/", ["src/gen/"]],
    ["src/words/", ["src/gen/", "src/link/"]],
    ["src/worker/", ["src/gen/", "src/link/"]],
    ["src/sw/", []],
    ["src/page/parts/", ["src/words/", "src/link/contract", "src/page/speech"]],
    ["src/page/screens/", ["src/words/", "src/link/contract", "src/page/"]],
    ["src/page/style/", []],
    ["src/page/main", ["src/page/"]],
    ["src/page/trusted", ["src/worker/main.ts?worker&url"]],
    ["src/page/", ["src/words/", "src/link/", "src/gen/", "src/page/speech"]],
];

/** Packages, and the one place that may import each. */
const PACKAGES = new Map([
    ["idb", "src/worker/"],
    ["cborg", "src/worker/"],
    ["qr", "src/page/parts/qr/"],
]);

/**
 * join -- the path that an import names, seen from a file.
 *
 * @param {string} file
 * @param {string} wanted
 */
function join(file, wanted) {
    const parts = file.split("/").slice(0, -1);
    for (const step of wanted.split("/")) {
        if (step === "..") parts.pop();
        else if (step !== ".") parts.push(step);
    }
    return parts.join("/");
}

/**
 * @param {string} file
 * @param {string} wanted
 * @returns {string | undefined} what is wrong with it
 */
function import_wrong(file, wanted) {
    if (!wanted.startsWith(".")) {
        const home = PACKAGES.get(wanted.split("/")[0] ?? "");
        return home && !file.startsWith(home) ? `only ${home} may import ${wanted}` : undefined;
    }
    const row = MAY.find(([folder]) => file.startsWith(folder));
    if (!row) return "is in no folder that tools/rules.mjs knows";
    const [folder, may] = row;
    const target = join(file, wanted);
    const is_own = folder.endsWith("/") && target.startsWith(folder) && folder !== "src/page/";
    const is_page_top = folder === "src/page/" && /^src\/page\/[^/]+$/.test(target);
    if (is_own || is_page_top || may.some((one) => target.startsWith(one))) return undefined;
    return `may not import ${target}: ${folder} sees ${may.length ? may.join(", ") : "nothing but itself"}`;
}

/**
 * script_wrong -- what is wrong with a TypeScript file of src: "line: why", one each.
 *
 * @param {string} file such as "src/page/main.tsx"
 * @param {string} text
 * @returns {string[]}
 */
export function script_wrong(file, text) {
    /** @type {string[]} */
    const wrong = [];
    text.split("\n").forEach((line, index) => {
        const at = `${file}:${index + 1}:`;
        for (const found of line.matchAll(/(?:\bfrom|^\s*import|\bimport\()\s*"([^"]+)"/g)) {
            const why = import_wrong(file, found[1] ?? "");
            if (why) wrong.push(`${at} ${why}`);
        }
        if (/\b(innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write)\b/.test(line)) {
            wrong.push(`${at} no HTML from a text: JSX shows words as words`);
        }
        if (/setAttribute\(\s*"style"/.test(line))
            wrong.push(`${at} the policy refuses it: use a class or style={{…}}`);
        if (/createPolicy\(/.test(line) && !file.endsWith("page/trusted.ts")) {
            wrong.push(`${at} there is one policy of Trusted Types, in page/trusted.ts`);
        }
    });
    return wrong;
}

/** What a style sheet may not have outside tokens.css, and why. */
const STYLE = /** @type {const} */ ([
    [/#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|oklch|oklab|lab|lch)\(/i, "a colour: it belongs into tokens.css"],
    [/(?<![\w.-])(?:[3-9]|[1-9]\d+)(?:\.\d+)?px\b/, "a size: it belongs into tokens.css"],
    [/(?<![\w.-])\d*\.?\d+r?em\b/, "a size: it belongs into tokens.css"],
    [/(?<![\w.-])\d*\.?\d+m?s\b/, "a duration: it belongs into tokens.css"],
    [
        /(?:^|[\s;{])(?:(?:min-|max-)?(?:width|height)|left|right|top|bottom|(?:margin|padding|border)-(?:left|right|top|bottom))\s*:/,
        "a direction of the paper: say inline or block, so that it reads from right to left too",
    ],
]);

/**
 * style_wrong -- the same for a style sheet.
 *
 * @param {string} file
 * @param {string} text
 * @returns {string[]}
 */
export function style_wrong(file, text) {
    if (file.endsWith("/tokens.css")) return [];
    /** @type {string[]} */
    const wrong = [];
    const bare = text.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, " "));
    bare.split("\n").forEach((line, index) => {
        if (/^\s*@(media|container)\b/.test(line)) return; // custom properties are not known there
        for (const [pattern, why] of STYLE) {
            // A letter-spacing follows its own letters, whatever their size.
            if (pattern.test(line) && !line.includes("letter-spacing")) wrong.push(`${file}:${index + 1}: ${why}`);
        }
    });
    const has_layer = /@layer\b/.test(bare) || /\/(fonts|style)\.css$/.test(file) || /\/print\.css$/.test(file);
    if (!has_layer) wrong.push(`${file}:1: is in no layer: its order would depend on when it arrives`);
    return wrong;
}
