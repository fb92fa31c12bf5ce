/**
 * count.mjs -- ends Vitest's output with "N passed, N failed", the line that ./test counts.
 */
class Count {
    /** @param {readonly import("vitest/node").TestModule[]} modules @param {readonly unknown[]} errors */
    onTestRunEnd(modules, errors) {
        let passed = 0;
        let failed = errors.length;
        for (const module of modules) {
            failed += module.errors().length;
            for (const test of module.children.allTests()) {
                const { state } = test.result();
                if (state === "passed") passed++;
                else if (state !== "skipped") failed++;
            }
        }
        console.log(`${passed} passed, ${failed} failed`);
    }
}

// biome-ignore lint/style/noDefaultExport: Vitest wants a reporter to be one
export default Count;
