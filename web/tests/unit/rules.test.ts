import { describe, expect, test } from "vitest";
import { document_wrong } from "../../tools/document.mjs";
import { script_wrong, style_wrong } from "../../tools/rules.mjs";
import { PARTS, sizes_of } from "../../tools/sizes.mjs";

const scripts: [boolean, string, string][] = [
    [true, "src/worker/a.ts", 'import { openDB } from "idb";'],
    [true, "src/page/view.ts", 'import type { Answer } from "../link/contract";'],
    [true, "src/page/parts/field/part.tsx", 'import { Mark } from "../mark/part";'],
    [true, "src/page/parts/field/part.tsx", 'import type { Why } from "../../../link/contract";'],
    [true, "src/page/screens/today/today.tsx", 'import { ask } from "../../core";'],
    [true, "src/page/trusted.ts", 'import url from "../worker/main.ts?worker&url";'],
    [true, "src/page/a.ts", "const innerHtmlIsAWord = 1;"],
    [false, "src/page/a.ts", 'import { openDB } from "idb";'],
    [false, "src/page/a.ts", 'import { serve } from "../worker/serve";'],
    [false, "src/page/trusted.ts", 'import { serve } from "../worker/serve";'],
    [false, "src/page/parts/field/part.tsx", 'import { ask } from "../../core";'],
    [false, "src/page/parts/field/part.tsx", 'import { link_open } from "../../../link/link";'],
    [false, "src/page/parts/field/part.tsx", 'const { squares_of } = await import("qr");'],
    [false, "src/page/view.ts", 'import { Today } from "./screens/today/today";'],
    [false, "src/worker/a.ts", 'import { words } from "../page/speech";'],
    [false, "src/link/a.ts", 'import { serve } from "../worker/serve";'],
    [false, "src/sw/sw.ts", 'import { en } from "../words/words";'],
    [false, "src/other/a.ts", 'import "./b";'],
    [false, "src/page/a.ts", "box.innerHTML = words;"],
    [false, "src/page/a.ts", 'box.setAttribute("style", words);'],
    [false, "src/page/a.ts", 'trustedTypes.createPolicy("default", {});'],
];
for (const [may, file, line] of scripts) {
    test(`${may ? "may" : "may not"}: ${file}: ${line}`, () => {
        expect(script_wrong(file, line)).toHaveLength(may ? 0 : 1);
    });
}

const styles: [boolean, string][] = [
    [true, "color: var(--ink);"],
    [true, "border: 1px solid var(--line); outline-offset: 2px;"],
    [true, "inline-size: 100%; flex: 1 1 auto; opacity: 0.5;"],
    [true, "/* 12px, #fff and left: are only words here */"],
    [true, "@media (width >= 60rem) {"],
    [true, "text-align: start; inset-inline-start: 0;"],
    [false, "color: #fff;"],
    [false, "color: oklch(50% 0 0);"],
    [false, "padding: 3px;"],
    [false, "padding: 12px;"],
    [false, "font-size: 1.2rem;"],
    [false, "transition: color 150ms;"],
    [false, "margin-left: var(--s1);"],
    [false, "width: 100%;"],
    [false, "max-height: 100%;"],
];
for (const [may, line] of styles) {
    test(`${may ? "may" : "may not"}: ${line}`, () => {
        expect(style_wrong("src/page/parts/a/part.css", `@layer part {\n${line}\n}`)).toHaveLength(may ? 0 : 1);
    });
}

test("tokens may, and a sheet without a layer may not", () => {
    expect(style_wrong("src/page/style/tokens.css", "--ink: #000;")).toEqual([]);
    expect(style_wrong("src/page/parts/a/part.css", ".a { color: var(--ink); }")).toHaveLength(1);
});

const documents: [boolean, string][] = [
    [true, '<script type="module" crossorigin src="/a/index-1.js"></script><link href="/a/index.css">'],
    [false, "<script>1</script>"],
    [false, "<style>p{}</style>"],
    [false, '<p style="color:red">'],
    [false, '<body onload="x()">'],
    [false, '<script src="https://elsewhere.example/x.js"></script>'],
    [false, '<link href="//elsewhere.example/x.css">'],
    [false, '<link rel="icon" href="data:,">'],
];
for (const [may, html] of documents) {
    test(`the built document ${may ? "may" : "may not"} have: ${html}`, () => {
        expect(document_wrong(html)).toHaveLength(may ? 0 : 1);
    });
}

describe("weight", () => {
    test("a part over its budget is named, and so is the sum", () => {
        const face = { name: "a/newsreader-latin-wght-normal-1.woff2", bytes_n: 87_001 };
        expect(sizes_of([face]).wrong).toHaveLength(1);
        const all = PARTS.filter((part) => part.is_first).length;
        expect(all).toBeGreaterThan(4);
        const heavy = [face, { name: "a/core-1.wasm", bytes_n: 170_000 }];
        expect(sizes_of(heavy).wrong).toHaveLength(3);
    });

    test("what is within its budget is not", () => {
        expect(sizes_of([{ name: "a/index-1.js", bytes_n: 29_000 }]).wrong).toEqual([]);
        expect(sizes_of([{ name: "a/index-1.js", bytes_n: 29_001 }]).wrong).toHaveLength(1);
    });
});
