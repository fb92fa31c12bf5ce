/**
 * checks.mjs -- counts, and says what failed. The last line is the one that ./test reads.
 */
let passed = 0;
let failed = 0;

/**
 * check -- one check: passed if nothing is wrong.
 *
 * @param {string} name
 * @param {() => Promise<string[]>} act what is wrong, one line each
 */
export async function check(name, act) {
    /** @type {string[]} */
    let wrong;
    try {
        wrong = await act();
    } catch (error) {
        wrong = [String(error)];
    }
    if (wrong.length === 0) passed++;
    else {
        failed++;
        console.log(`FAILED ${name}`);
        for (const line of new Set(wrong)) console.log(`    ${line}`);
    }
}

/** finish -- the count and the status. */
export function finish() {
    console.log(`${passed} passed, ${failed} failed`);
    process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}
