/**
 * browser.mjs -- Debian's Chromium, and pages that remember everything that went wrong in them.
 */
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const PLACES = [
    process.env["CHROMIUM"] ?? "",
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
];

/** browser_open -- starts it, or says what is missing. */
export async function browser_open() {
    const executablePath = PLACES.find((place) => place && existsSync(place));
    if (!executablePath) {
        throw new Error("There is no Chromium here. On Debian: apt-get install chromium; or name one in CHROMIUM.");
    }
    // Chromium refuses to run as root with its sandbox; what it opens here are our own pages.
    return chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
}

/**
 * watch -- what a page complains about from now on: errors, the console's, and violations of its policy.
 *
 * @param {import("playwright-core").Page} page
 * @returns {Promise<string[]>}
 */
export async function watch(page) {
    /** @type {string[]} */
    const wrong = [];
    page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
    page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") wrong.push(`console: ${message.text()}`);
    });
    await page.exposeFunction("tell_violation", (/** @type {string} */ text) => wrong.push(`policy: ${text}`));
    await page.addInitScript(() => {
        document.addEventListener("securitypolicyviolation", (event) => {
            const tell = /** @type {any} */ (globalThis)["tell_violation"];
            tell(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
        });
    });
    return wrong;
}
