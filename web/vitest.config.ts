import { defineConfig } from "vitest/config";

export default defineConfig({
    esbuild: { jsx: "automatic", jsxImportSource: "preact" },
    test: {
        include: ["tests/{unit,link}/**/*.test.{ts,tsx}"],
        environment: "node",
        pool: "threads",
        poolOptions: { threads: { maxThreads: 2, minThreads: 1 } },
        reporters: ["default", "./tools/count.mjs"],
    },
});
