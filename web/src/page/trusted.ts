/**
 * trusted.ts -- the only policy of Trusted Types, and the only place where a worker is started.
 *
 * The page's policy throws at every address of a script that did not pass here.
 */
import worker_url from "../worker/main.ts?worker&url";

const SERVICE_WORKER_URL = "/sw.js";
const OURS: ReadonlySet<string> = new Set([worker_url, SERVICE_WORKER_URL]);

/** What TypeScript's own types of the document do not have yet. */
interface Policy {
    createScriptURL(url: string): string;
}
interface Policies {
    createPolicy(name: string, rules: Policy): Policy;
}

const rules: Policy = {
    createScriptURL(url) {
        if (OURS.has(url)) return url;
        throw new TypeError("This script is not one of Troth's.");
    },
};
const policies = (globalThis as { trustedTypes?: Policies }).trustedTypes;
const policy = policies?.createPolicy("troth", rules) ?? rules;

/** start_worker -- the worker that holds the keys and does everything that acts. */
export const start_worker = (): Worker =>
    new Worker(policy.createScriptURL(worker_url), { type: "module", name: "core" });

/** register -- the service worker that keeps the app at hand. Not there on plain http, in old browsers and in tests. */
export async function register(): Promise<ServiceWorkerRegistration | undefined> {
    if (!("serviceWorker" in navigator)) return undefined;
    return navigator.serviceWorker.register(policy.createScriptURL(SERVICE_WORKER_URL), {
        scope: "/",
        updateViaCache: "none",
    });
}
