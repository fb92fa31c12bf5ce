/**
 * contrast.mjs -- what the colours promise, measured as the browser draws them: AAA for what is read at length, AA for
 * names, 3 to 1 for the edge of a field.
 */
const GROUNDS = ["--paper", "--sheet"];
/** @type {readonly (readonly [string, readonly string[], number])[]} colour, its grounds, the least ratio */
const LEAST = [
    ["--ink", [...GROUNDS, "--sunk", ...[1, 2, 3, 4, 5, 6].map((n) => `--wash-${n}`)], 7],
    ["--soft", GROUNDS, 7],
    ["--soft", ["--sunk"], 4.5],
    ["--on-act", ["--act", "--act-hover"], 7],
    ["--edge", GROUNDS, 3],
    ...[1, 2, 3, 4, 5, 6].map((n) => /** @type {const} */ ([`--by-${n}`, [...GROUNDS, "--sunk", `--wash-${n}`], 4.5])),
];

/**
 * contrast_wrong -- the pairs that are too close in the theme that the page has now.
 *
 * @param {import("playwright-core").Page} page
 * @returns {Promise<string[]>}
 */
export async function contrast_wrong(page) {
    return page.evaluate((least) => {
        const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
        if (!pen) return ["there is nothing to draw on"];
        const probe = document.body.appendChild(document.createElement("i"));
        /** @param {string} name */
        const light_of = (name) => {
            probe.style.color = `var(${name})`;
            pen.fillStyle = getComputedStyle(probe).color;
            pen.fillRect(0, 0, 1, 1);
            const [r = 0, g = 0, b = 0] = [...pen.getImageData(0, 0, 1, 1).data].map((byte) => {
                const part = byte / 255;
                return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
            });
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const wrong = least.flatMap(([colour, grounds, ratio]) =>
            grounds.flatMap((ground) => {
                const [a, b] = [light_of(colour), light_of(ground)];
                const is = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
                return is < ratio ? [`${colour} on ${ground}: ${is.toFixed(2)}, and ${ratio} is the least`] : [];
            }),
        );
        probe.remove();
        return wrong;
    }, LEAST);
}
