/**
 * sw.ts -- keeps the whole app at hand, so that opening it is no request. Imports nothing, and touches no other address.
 *
 * The build puts the list of files and the version before this text.
 */
declare const ASSETS: readonly string[];
declare const VERSION: string;

const sw = self as unknown as ServiceWorkerGlobalScope;
const CACHE = `troth-${VERSION}`;

sw.addEventListener("install", (event) => {
    const keep = async (): Promise<void> => {
        const cache = await caches.open(CACHE);
        // The document must be the newest; the others have their content in their names and may come from any cache.
        await cache.addAll([new Request("/", { cache: "reload" }), ...ASSETS]);
    };
    event.waitUntil(keep());
});

sw.addEventListener("activate", (event) => {
    const remove = async (): Promise<void> => {
        for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
    };
    event.waitUntil(remove());
});

sw.addEventListener("fetch", (event) => {
    const { request } = event;
    const url = new URL(request.url);
    if (request.method !== "GET" || url.origin !== sw.location.origin) return;
    if (request.mode !== "navigate" && !ASSETS.includes(url.pathname)) return;
    const serve = async (): Promise<Response> => {
        const cache = await caches.open(CACHE);
        const kept = await cache.match(request.mode === "navigate" ? "/" : url.pathname);
        return kept ?? fetch(request);
    };
    event.respondWith(serve());
});

// A new version waits until a person says so.
sw.addEventListener("message", (event) => {
    if (event.data === "open the newer version") event.waitUntil(sw.skipWaiting());
    if (event.data === "which version") event.source?.postMessage({ kind: "version", version: VERSION });
});
