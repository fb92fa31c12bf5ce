/**
 * a11y.mjs -- every example of every part, and the page as it ships, in Chromium: both themes, two widths.
 *
 *   EXAMPLES=folder [SHOTS=folder] node tools/a11y.mjs
 *
 * EXAMPLES is where they were built; in SHOTS it leaves pictures, to be looked at.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { browser_open, watch } from "./browser.mjs";
import { check, finish } from "./checks.mjs";
import { look, settle, sideways } from "./look.mjs";
import { check_page } from "./page-checks.mjs";
import { check_parts } from "./part-checks.mjs";
import { serve_folder } from "./server.mjs";

const dist = fileURLToPath(new URL("../dist", import.meta.url));
const examples = process.env["EXAMPLES"] ?? "";
const shots = process.env["SHOTS"];
const THEMES = /** @type {const} */ (["light", "dark"]);
const WIDTHS = [360, 1280];
const NARROWEST = 320; // what is left of 1280 at 400 %

const browser = await browser_open();
try {
    const parts = await serve_folder(examples);
    for (const theme of THEMES) for (const width of WIDTHS) await look_at_parts(parts.origin, theme, width);
    await check_parts(browser, parts.origin);
    await parts.close();
    await check_page(browser, dist, shots);
} finally {
    await browser.close();
}
finish();

/**
 * @param {string} origin
 * @param {"light" | "dark"} theme
 * @param {number} width
 */
async function look_at_parts(origin, theme, width) {
    const page = await browser.newPage({ colorScheme: theme, viewport: { width, height: 800 } });
    const wrong = await watch(page);
    await page.goto(origin);
    /** @type {string[]} */
    const all = await page.evaluate(() => /** @type {any} */ (globalThis)["examples"]);
    /** @param {string} name */
    const show = async (name) => {
        await page.evaluate((to) => {
            location.hash = encodeURIComponent(to);
        }, name);
        await settle(page);
    };
    for (const name of all) {
        await check(`${name}, ${theme}, ${width} px`, async () => {
            await show(name);
            return [...(await look(page)), ...wrong.splice(0)];
        });
    }
    if (width === WIDTHS[0] && theme === THEMES[0]) await narrow_and_large(page, all, show);
    if (shots) {
        mkdirSync(shots, { recursive: true });
        const wholes = all.filter((name) => name.includes("over the page"));
        for (const name of [...new Set(all.map((one) => one.split("/")[0] ?? one)), ...wholes]) {
            await show(name);
            const file = `${name.replace(/[^a-z0-9]+/gi, "-")}-${theme}-${width}.png`;
            await page.screenshot({ path: join(shots, file), fullPage: !name.includes("over the page") });
        }
    }
    await page.close();
}

/**
 * On the narrowest window, and with letters twice as large: nothing may lie outside.
 *
 * @param {import("playwright-core").Page} page
 * @param {readonly string[]} all
 * @param {(name: string) => Promise<void>} show
 */
async function narrow_and_large(page, all, show) {
    const usual = page.viewportSize() ?? { width: 0, height: 0 };
    await page.setViewportSize({ width: NARROWEST, height: 800 });
    for (const name of all) {
        await check(`${name}, ${NARROWEST} px`, async () => {
            await show(name);
            return sideways(page);
        });
    }
    await page.setViewportSize(usual);
    await page.evaluate(() => {
        document.documentElement.style.fontSize = "212.5%";
    });
    for (const name of all) {
        await check(`${name}, letters twice as large`, async () => {
            await show(name);
            return sideways(page);
        });
    }
    await page.evaluate(() => {
        document.documentElement.style.fontSize = "";
    });
}
