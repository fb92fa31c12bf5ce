import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";

/** Browsers that have light-dark(), nesting and container queries: nothing is rewritten for older ones. */
export const TARGETS = ["chrome123", "safari17.5", "firefox120"];

/** Puts the list of everything that was built, and a number that stands for all of it, before the service worker. */
function precache(): Plugin {
    return {
        name: "troth-precache",
        enforce: "post",
        generateBundle(_options, bundle) {
            const sw = bundle["sw.js"];
            if (sw?.type !== "chunk") throw new Error("there is no sw.js");
            if (/^\s*import\b|\bimport\s*\(/m.test(sw.code))
                throw new Error("sw.js imports something: it is a classic script");
            const built = Object.keys(bundle).filter((name) => name !== "sw.js" && name !== "index.html");
            const given = readdirSync("public");
            const assets = [...built, ...given].map((name) => `/${name}`).sort();
            const whole = createHash("sha256");
            for (const name of Object.keys(bundle).sort()) {
                const one = bundle[name];
                if (one) whole.update(name).update(one.type === "chunk" ? one.code : one.source);
            }
            for (const name of given.sort()) whole.update(name).update(readFileSync(`public/${name}`));
            const version = whole.digest("hex").slice(0, 16);
            sw.code = `const ASSETS=${JSON.stringify(assets)},VERSION=${JSON.stringify(version)};\n${sw.code}`;
        },
    };
}

export default defineConfig({
    base: "/",
    esbuild: { jsx: "automatic", jsxImportSource: "preact" },
    appType: "spa",
    logLevel: "warn",
    build: {
        target: TARGETS,
        cssTarget: TARGETS,
        modulePreload: { polyfill: false },
        assetsInlineLimit: 0,
        sourcemap: false,
        reportCompressedSize: false,
        rollupOptions: {
            input: { index: "index.html", sw: "src/sw/sw.ts" },
            output: {
                entryFileNames: (chunk) => (chunk.name === "sw" ? "sw.js" : "a/[name]-[hash].js"),
                chunkFileNames: "a/[name]-[hash].js",
                assetFileNames: "a/[name]-[hash][extname]",
            },
        },
    },
    worker: {
        format: "es",
        rollupOptions: {
            output: { entryFileNames: "a/worker-[hash].js", chunkFileNames: "a/worker-[name]-[hash].js" },
        },
    },
    plugins: [precache()],
});
