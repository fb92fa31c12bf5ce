/**
 * headers.mjs -- the headers under which the app is served: what a server has to send, as data.
 *
 * A worker obeys the policy of its own script's answer, not the page's. So there are three policies, and no answer
 * without one: the document may not speak with anybody, only the worker compiles the core and speaks with the server.
 */
const COMMON = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

const DOCUMENT =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; connect-src 'none'; " +
    `worker-src 'self'; manifest-src 'self'; ${COMMON}; trusted-types troth`;
const WORKER = `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; ${COMMON}; trusted-types 'none'`;
const OTHER = `default-src 'none'; connect-src 'self'; ${COMMON}; trusted-types 'none'`;

const PERMISSIONS =
    "accelerometer=(), autoplay=(), browsing-topics=(), camera=(self), display-capture=(), " +
    "encrypted-media=(), fullscreen=(), gamepad=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), " +
    "magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), publickey-credentials-create=(), " +
    "publickey-credentials-get=(), screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()";

/** @type {Record<string, string>} */
const TYPES = {
    html: "text/html; charset=utf-8",
    js: "text/javascript; charset=utf-8",
    css: "text/css; charset=utf-8",
    woff2: "font/woff2",
    svg: "image/svg+xml",
    png: "image/png",
    wasm: "application/wasm",
    webmanifest: "application/manifest+json",
};

/**
 * headers_of -- all headers of the answer that carries this file of dist, such as "a/worker-1a2b.js".
 *
 * @param {string} file
 * @returns {Record<string, string>}
 */
export function headers_of(file) {
    const is_document = file === "index.html";
    const is_worker = /^a\/(worker|kdf)-[^/]*\.js$/.test(file);
    const is_hashed = file.startsWith("a/");
    return {
        "Content-Type": TYPES[file.slice(file.lastIndexOf(".") + 1)] ?? "application/octet-stream",
        "Content-Security-Policy": is_document ? DOCUMENT : is_worker ? WORKER : OTHER,
        "Cache-Control": is_hashed ? "public, max-age=31536000, immutable" : "no-cache",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        ...(is_document ? { "Permissions-Policy": PERMISSIONS } : {}),
    };
}
