/**
 * part-checks.mjs -- what the parts do when somebody uses them, by keyboard alone.
 */
import { watch } from "./browser.mjs";
import { check } from "./checks.mjs";
import { settle } from "./look.mjs";

/** @typedef {import("playwright-core").Page} Page */

/**
 * equal -- what differs, in words.
 *
 * @param {string} what
 * @param {unknown} is
 * @param {unknown} should
 */
const equal = (what, is, should) => (is === should ? [] : [`${what}: ${String(is)}, not ${String(should)}`]);

/** What has the focus, as a person would name it. */
const focused = (/** @type {Page} */ page) =>
    page.evaluate(() => document.activeElement?.textContent || document.activeElement?.tagName);

/** @type {Record<string, { at: string, does: (page: Page) => Promise<string[]> }>} */
const CHECKS = {
    "a sheet keeps the focus and gives it back": {
        at: "sheet/opened",
        async does(page) {
            await page.keyboard.press("Tab");
            await page.keyboard.press("Enter");
            const wrong = equal("focus as it opens", await focused(page), "Own up to this?");
            /** @type {unknown[]} */
            const way = [];
            for (let n = 0; n < 3; n++) {
                await page.keyboard.press("Tab");
                way.push(await focused(page));
            }
            wrong.push(...equal("the way of Tab", way.slice(0, 2).join(", "), "I didn’t do it, Not now"));
            if (way.includes("I didn’t…")) wrong.push("Tab leads behind the sheet");
            await page.keyboard.press("Escape");
            wrong.push(...equal("sheets after Escape", await page.getByRole("dialog").count(), 0));
            return [...wrong, ...equal("focus after Escape", await focused(page), "I didn’t…")];
        },
    },
    "what is sent twice is sent once": {
        at: "button/in a form",
        async does(page) {
            await page.keyboard.press("Tab");
            await page.keyboard.press("Enter");
            await page.keyboard.press("Enter");
            await page.keyboard.press("Space");
            return [
                ...equal("it says", await page.getByRole("status").textContent(), "Sent, times: 1"),
                ...equal("focus", await focused(page), "Send it"),
            ];
        },
    },
    "a passphrase can be shown and hidden": {
        at: "passphrase/new",
        async does(page) {
            const input = page.getByLabel("A passphrase", { exact: true });
            const wrong = equal("as it comes", await input.getAttribute("type"), "password");
            await page.getByRole("button", { name: "Show what is typed" }).press("Enter");
            wrong.push(...equal("shown", await input.getAttribute("type"), "text"));
            await page.getByRole("button", { name: "Hide what is typed" }).press("Enter");
            wrong.push(...equal("hidden again", await input.getAttribute("type"), "password"));
            return [
                ...wrong,
                ...equal("for the password manager", await input.getAttribute("autocomplete"), "new-password"),
            ];
        },
    },
    "a field says who reads it, and what is to be mended": {
        at: "field/problem",
        async does(page) {
            const said = await page.getByRole("textbox", { name: "What is this circle called?" }).evaluate((input) =>
                (input.getAttribute("aria-describedby") ?? "")
                    .split(" ")
                    .map((id) => document.getElementById(id)?.textContent)
                    .join(" | "),
            );
            return equal(
                "described by",
                said,
                "To mend: Give it a name, so that you both know which one you are in. | Shared with everyone you invite",
            );
        },
    },
    "a date is told in full on demand": {
        at: "when/in full on demand",
        async does(page) {
            const button = page.getByRole("button", { name: "Due" });
            const wrong = equal("short", await button.textContent(), "Due Saturday evening");
            await button.press("Enter");
            const full = (await button.textContent()) ?? "";
            return full.includes("7 March 2026") && full.includes("17:00") ? wrong : [...wrong, `in full: ${full}`];
        },
    },
    "a code that may not be copied is selected": {
        at: "code/copying refused",
        async does(page) {
            await page.getByRole("button", { name: "Copy" }).press("Enter");
            await page.getByText("copy it by hand").waitFor({ timeout: 2_000 });
            const selected = await page.evaluate(() => getSelection()?.toString());
            return equal("selected", selected, await page.locator("code").textContent());
        },
    },
    "words that look like code are words": {
        at: "entry/words that look like code, and one very long word",
        async does(page) {
            const made_n = await page.locator("article script, article img, article b").count();
            return equal("elements that were made from words", made_n, 0);
        },
    },
};

/**
 * @param {import("playwright-core").Browser} browser
 * @param {string} origin
 */
export async function check_parts(browser, origin) {
    for (const [name, { at, does }] of Object.entries(CHECKS)) {
        await check(name, async () => {
            const page = await browser.newPage({ viewport: { width: 360, height: 800 } });
            const wrong = await watch(page);
            await page.goto(`${origin}/#${encodeURIComponent(at)}`);
            await settle(page);
            const found = await does(page);
            await page.close();
            return [...found, ...wrong];
        });
    }
}
