import { defineConfig } from "vitest/config";

export default defineConfig({
    esbuild: { jsx: "automatic", jsxImportSource: "preact" },
    server: { host: "127.0.0.1" }, // a small system may not know the name "localhost"
    test: {
        include: ["tests/{unit,link}/**/*.test.{ts,tsx}"],
        environment: "node",
        pool: "threads",
        poolOptions: { threads: { maxThreads: 2, minThreads: 1 } },
        reporters: ["default", "./tools/count.mjs"],
    },
});
