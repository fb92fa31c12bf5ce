/**
 * part-checks.mjs -- what the parts do when somebody uses them, by keyboard alone.
 */
import { watch } from "./browser.mjs";
import { check } from "./checks.mjs";
import { contrast_wrong } from "./contrast.mjs";
import { settle } from "./look.mjs";

/** @typedef {import("playwright-core").Page} Page */

const PATIENCE_MS = 5_000;

/**
 * comes -- what differs, in words, after waiting for it to become what it should: a page draws when it likes.
 *
 * @param {string} what
 * @param {() => Promise<unknown>} look
 * @param {unknown} should
 */
async function comes(what, look, should) {
    const until = Date.now() + PATIENCE_MS;
    let is = await look();
    while (is !== should && Date.now() < until) {
        await new Promise((go) => setTimeout(go, 20));
        is = await look();
    }
    return is === should ? [] : [`${what}: ${String(is)}, not ${String(should)}`];
}

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
            const wrong = await comes("focus as it opens", () => focused(page), "Own up to this?");
            await page.keyboard.press("Tab");
            wrong.push(...(await comes("after Tab", () => focused(page), "I didn’t do it")));
            await page.keyboard.press("Tab");
            wrong.push(...(await comes("after Tab again", () => focused(page), "Not now")));
            await page.keyboard.press("Tab");
            if ((await focused(page)) === "I didn’t…") wrong.push("Tab leads behind the sheet");
            await page.keyboard.press("Escape");
            wrong.push(...(await comes("sheets after Escape", () => page.getByRole("dialog").count(), 0)));
            return [...wrong, ...(await comes("focus after Escape", () => focused(page), "I didn’t…"))];
        },
    },
    "what is sent twice is sent once": {
        at: "button/in a form",
        async does(page) {
            await page.keyboard.press("Tab");
            await page.keyboard.press("Enter");
            await page.keyboard.press("Enter");
            await page.keyboard.press("Space");
            await settle(page); // what came of the later presses is drawn by now
            return [
                ...(await comes("it says", () => page.getByRole("status").textContent(), "Sent, times: 1")),
                ...(await comes("focus", () => focused(page), "Send it")),
            ];
        },
    },
    "a passphrase can be shown and hidden": {
        at: "passphrase/new",
        async does(page) {
            const input = page.getByLabel("A passphrase", { exact: true });
            const wrong = await comes("as it comes", () => input.getAttribute("type"), "password");
            await page.getByRole("button", { name: "Show what is typed" }).press("Enter");
            wrong.push(...(await comes("shown", () => input.getAttribute("type"), "text")));
            await page.getByRole("button", { name: "Hide what is typed" }).press("Enter");
            wrong.push(...(await comes("hidden again", () => input.getAttribute("type"), "password")));
            return [
                ...wrong,
                ...(await comes("for the password manager", () => input.getAttribute("autocomplete"), "new-password")),
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
            return comes(
                "described by",
                async () => said,
                "To mend: Give it a name, so that you both know which one you are in. | Shared with everyone you invite",
            );
        },
    },
    "a date is told in full on demand": {
        at: "when/in full on demand",
        async does(page) {
            const button = page.getByRole("button", { name: "Due" });
            const wrong = await comes("short", () => button.textContent(), "Due Saturday evening");
            await button.press("Enter");
            const full = async () => /7 March 2026.*17:00/.test((await button.textContent()) ?? "");
            return [...wrong, ...(await comes("in full", full, true))];
        },
    },
    "a code that may not be copied is selected": {
        at: "code/copying refused",
        async does(page) {
            await page.getByRole("button", { name: "Copy" }).press("Enter");
            await page.getByText("copy it by hand").waitFor({ timeout: 2_000 });
            const selected = () => page.evaluate(() => getSelection()?.toString());
            return comes("selected", selected, await page.locator("code").textContent());
        },
    },
    "words that look like code are words": {
        at: "entry/words that look like code, and one very long word",
        async does(page) {
            const made_n = () => page.locator("article script, article img, article b").count();
            return comes("elements that were made from words", made_n, 0);
        },
    },
};

/**
 * @param {import("playwright-core").Browser} browser
 * @param {string} origin
 */
export async function check_parts(browser, origin) {
    for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
        await check(`contrast of the colours, ${colorScheme}`, async () => {
            const page = await browser.newPage({ colorScheme });
            await page.goto(origin);
            const wrong = await contrast_wrong(page);
            await page.close();
            return wrong;
        });
    }
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
