/**
 * look.mjs -- what is checked of anything that is on the screen: axe's rules, no sideways scrolling, targets that a
 * thumb can hit.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
export const TARGET_PX = 44;

/**
 * settle -- waits until nothing is loading and the faces are there.
 *
 * @param {import("playwright-core").Page} page
 */
export async function settle(page) {
    await page.waitForFunction(() => !document.querySelector("[aria-busy=true]"));
    await page.evaluate(async () => {
        await document.fonts.ready;
        await new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
    });
}

/**
 * look -- what is wrong with what the page shows now, one line each.
 *
 * @param {import("playwright-core").Page} page
 * @returns {Promise<string[]>}
 */
export async function look(page) {
    // As a text that is run from outside, axe passes under the page's own policy; a script element would not.
    if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(AXE);
    const found = await page.evaluate(async (rules) => {
        const axe = /** @type {any} */ (globalThis)["axe"];
        const result = await axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
        return result.violations.flatMap((/** @type {any} */ one) =>
            one.nodes.map(
                (/** @type {any} */ node) =>
                    `${one.id}: ${node.html.slice(0, 120)}: ${node.failureSummary.split("\n").slice(1).join(" ")}`,
            ),
        );
    }, RULES);
    return [...found, ...(await sideways(page)), ...(await small_targets(page))];
}

/**
 * @param {import("playwright-core").Page} page
 * @returns {Promise<string[]>}
 */
export async function sideways(page) {
    const { is, may } = await page.evaluate(() => ({ is: document.documentElement.scrollWidth, may: innerWidth }));
    return is > may ? [`scrolls sideways: ${is} px wide in ${may}`] : [];
}

/**
 * @param {import("playwright-core").Page} page
 * @returns {Promise<string[]>}
 */
async function small_targets(page) {
    return page.evaluate((least) => {
        /** @type {string[]} */
        const small = [];
        for (const one of document.querySelectorAll("a[href], button, input, textarea, select, summary")) {
            const { width, height } = one.getBoundingClientRect();
            if (width > 0 && (width < least || height < least)) {
                small.push(
                    `too small to hit: ${Math.round(width)} × ${Math.round(height)} px: ${one.outerHTML.slice(0, 100)}`,
                );
            }
        }
        return small;
    }, TARGET_PX);
}
