/**
 * page-checks.mjs -- the page as it ships, under the headers that a server has to send.
 */
import { join } from "node:path";
import { watch } from "./browser.mjs";
import { check } from "./checks.mjs";
import { look, settle } from "./look.mjs";
import { serve_folder } from "./server.mjs";

/** Long enough for a machine that does many things at once; nothing waits so long unless it is wrong. */
const PATIENCE_MS = 20_000;

/**
 * @param {import("playwright-core").Browser} browser
 * @param {string} dist
 * @param {string | undefined} shots
 */
export async function check_page(browser, dist, shots) {
    const served = await serve_folder(dist);
    for (const theme of /** @type {const} */ (["light", "dark"])) {
        for (const width of [360, 1280]) {
            await check(`the first page, ${theme}, ${width} px`, async () => {
                const page = await browser.newPage({ colorScheme: theme, viewport: { width, height: 800 } });
                const wrong = await watch(page);
                await page.goto(served.origin);
                await settle(page);
                if (shots) await page.screenshot({ path: join(shots, `first-page-${theme}-${width}.png`) });
                const found = await look(page);
                await page.close();
                return [...found, ...wrong];
            });
        }
    }
    await check("its policy: nothing of it runs, is fetched, or becomes a script", () =>
        policy(browser, served.origin),
    );
    await check("Shift three times: blank, then another page", () => leaves(browser, served.origin, "keys"));
    await check("the button: blank, then another page", () => leaves(browser, served.origin, "button"));
    await check("Shift as part of typing leaves nothing", () => stays(browser, served.origin));
    await check("installed, it opens without a server, at any path", () => offline(browser, dist));
    await check("where nothing is kept, it says so", () => keeps_nothing(browser, served.origin));
    await check("a worker that never starts is not started for ever", () => broken_worker(browser, served.origin));
    await check("a worker that dies once is replaced", () => worker_replaced(browser, served.origin));
    await served.close();
}

/**
 * @param {import("playwright-core").Browser} browser
 * @param {string} origin
 */
async function policy(browser, origin) {
    const page = await browser.newPage();
    await page.goto(origin);
    await settle(page);
    const got = await page.evaluate(async () => {
        /** @type {Record<string, () => unknown>} */
        const tries = {
            "innerHTML takes a text": () => {
                document.createElement("p").innerHTML = "<b>x</b>";
            },
            "a worker starts from a text": () => new Worker("/a/other.js"),
            "a worker starts from a blob": () => new Worker(URL.createObjectURL(new Blob(["1"]))),
            "another policy is made": () => /** @type {any} */ (globalThis)["trustedTypes"].createPolicy("other", {}),
            "the page fetches": () => fetch("/icon.svg"),
        };
        /** @type {string[]} */
        const went = [];
        for (const [name, act] of Object.entries(tries)) {
            try {
                await act();
                went.push(name);
            } catch {
                // refused, as it should be
            }
        }
        // From a timer, because what the test itself evaluates is not under the page's policy.
        const is_evaluated = await new Promise((go) => {
            setTimeout(() => {
                try {
                    // biome-ignore lint/security/noGlobalEval: that it does not run is what is checked
                    go(globalThis.eval("1") === 1);
                } catch {
                    go(false);
                }
            }, 0);
        });
        if (is_evaluated) went.push("eval runs");
        return went;
    });
    await page.close();
    return got;
}

/**
 * @param {import("playwright-core").Browser} browser
 * @param {string} origin
 * @param {"keys" | "button"} how
 */
async function leaves(browser, origin, how) {
    const context = await browser.newContext();
    const page = await context.newPage();
    const wrong = await watch(page);
    /** @type {string[]} */
    const seen = [];
    await page.exposeFunction("tell_cover", (/** @type {string} */ text) => seen.push(text));
    await page.addInitScript(() => {
        const tell = /** @type {any} */ (globalThis)["tell_cover"];
        const observer = new MutationObserver(() => {
            const cover = document.querySelector("body > #exit-blank:last-child");
            const { width, height } = cover?.getBoundingClientRect() ?? { width: 0, height: 0 };
            if (cover && width >= innerWidth && height >= innerHeight) tell(cover.textContent);
        });
        observer.observe(document, { childList: true, subtree: true });
    });
    await context.route(/^https:/, async (route) => {
        const referrer = route.request().headers()["referer"];
        if (referrer) wrong.push(`it told where from: ${referrer}`);
        await route.fulfill({ contentType: "text/html", body: "<title>Weather</title>" });
    });
    await page.goto(origin);
    await settle(page);
    if (how === "keys") {
        await page.keyboard.press("Shift");
        await page.keyboard.press("Shift");
        await page.getByText("Press Shift 1 more time to leave.").waitFor({ timeout: PATIENCE_MS });
        await page.keyboard.press("Shift");
    } else {
        await page.getByRole("link", { name: "Leave quickly" }).click();
    }
    await page.waitForURL(/^https:/, { timeout: PATIENCE_MS });
    if (new Set(seen).size !== 1 || seen[0] !== "Leaving.")
        wrong.push(`what covered the page as it left: ${seen.join()}`);
    await page.goBack();
    if (page.url().startsWith(origin)) wrong.push("Back leads to Troth, as if nothing had been replaced");
    await context.close();
    return wrong;
}

/**
 * @param {import("playwright-core").Browser} browser
 * @param {string} origin
 */
async function stays(browser, origin) {
    const page = await browser.newPage();
    const wrong = await watch(page);
    await page.goto(origin);
    await settle(page);
    for (const letter of ["A", "N", "A"]) await page.keyboard.press(`Shift+${letter}`);
    await page.keyboard.press("Shift");
    await page.keyboard.press("Shift");
    await page.keyboard.type("b");
    await page.keyboard.press("Shift");
    await page.mouse.click(10, 10);
    await page.keyboard.press("Shift");
    await page.keyboard.press("Shift");
    const is_covered = (await page.locator("#exit-blank").count()) > 0;
    if (is_covered || !page.url().startsWith(origin)) wrong.push("it left");
    await page.close();
    return wrong;
}

/**
 * @param {import("playwright-core").Browser} browser
 * @param {string} dist
 */
async function offline(browser, dist) {
    const served = await serve_folder(dist);
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(served.origin);
    await page.evaluate(async () => {
        await navigator.serviceWorker.ready;
    });
    await served.close();
    await page.close();
    const cold = await context.newPage();
    const wrong = await watch(cold);
    await cold.goto(`${served.origin}/circles/1/promises`);
    await settle(cold);
    if ((await cold.getByRole("heading", { level: 1 }).textContent()) !== "Troth")
        wrong.push("it does not show itself");
    const is_sans = await cold.evaluate(() => document.fonts.check('17px "Source Sans 3 Variable"'));
    if (!is_sans) wrong.push("its face is not there");
    const before = wrong.slice(); // the next is meant to be a violation
    const threw = await cold.evaluate(() => {
        try {
            document.createElement("p").innerHTML = "<b>x</b>";
            return false;
        } catch {
            return true;
        }
    });
    await context.close();
    return threw ? before : [...before, "its policy is gone"];
}

/**
 * @param {import("playwright-core").Browser} browser
 * @param {string} origin
 */
async function keeps_nothing(browser, origin) {
    const context = await browser.newContext({ serviceWorkers: "block" });
    const page = await context.newPage();
    const wrong = await watch(page);
    const devtools = await context.newCDPSession(page);
    await devtools.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1 });
    await page.goto(origin);
    await page.getByText("This browser keeps nothing that is written here").waitFor({ timeout: PATIENCE_MS });
    await context.close();
    return wrong.filter((line) => !line.includes("registration blocked")); // by this very test
}

/**
 * @param {import("playwright-core").Browser} browser
 * @param {string} origin
 */
async function broken_worker(browser, origin) {
    const context = await browser.newContext({ serviceWorkers: "block" });
    const page = await context.newPage();
    let starts_n = 0;
    await context.route(/\/a\/worker-/, async (route) => {
        starts_n++;
        await route.fulfill({ contentType: "text/javascript", body: "throw new Error('broken')" });
    });
    await page.goto(origin);
    await page.getByRole("alert").getByText("Something went wrong inside Troth.").waitFor({ timeout: PATIENCE_MS });
    await context.close();
    return starts_n === 3 ? [] : [`the worker was started ${starts_n} times`];
}

/**
 * @param {import("playwright-core").Browser} browser
 * @param {string} origin
 */
async function worker_replaced(browser, origin) {
    const context = await browser.newContext({ serviceWorkers: "block" });
    const page = await context.newPage();
    let starts_n = 0;
    await context.route(/\/a\/worker-/, async (route) => {
        starts_n++;
        if (starts_n > 1) await route.continue();
        else await route.fulfill({ contentType: "text/javascript", body: "throw new Error('broken')" });
    });
    await page.goto(origin);
    await page.waitForEvent("worker", { timeout: PATIENCE_MS, predicate: () => starts_n === 2 }).catch(() => {});
    await settle(page);
    const alerts_n = await page.getByRole("alert").count();
    await context.close();
    const wrong = starts_n === 2 ? [] : [`the worker was started ${starts_n} times`];
    return alerts_n === 0 ? wrong : [...wrong, "it alarms a person who lost nothing"];
}
