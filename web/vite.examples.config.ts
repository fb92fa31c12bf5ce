import { defineConfig } from "vite";
import { TARGETS } from "./vite.config";

/** The parts' examples, for the tests. Not a part of what is shipped. */
export default defineConfig({
    root: "tests/examples",
    base: "/",
    esbuild: { jsx: "automatic", jsxImportSource: "preact" },
    publicDir: "../../public",
    logLevel: "warn",
    build: {
        target: TARGETS,
        cssTarget: TARGETS,
        modulePreload: { polyfill: false },
        assetsInlineLimit: 0,
        reportCompressedSize: false,
        emptyOutDir: true,
    },
});
