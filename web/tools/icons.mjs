/**
 * icons.mjs -- public/icon-*.png from public/icon.svg, drawn by Chromium. To be run when the drawing changed.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { browser_open } from "./browser.mjs";

const here = new URL("../public/", import.meta.url);
const drawing = readFileSync(new URL("icon.svg", here), "utf8");
const browser = await browser_open();
for (const side of [192, 512]) {
    const page = await browser.newPage({ viewport: { width: side, height: side } });
    await page.setContent(`<style>body{margin:0}svg{display:block;width:${side}px;height:${side}px}</style>${drawing}`);
    writeFileSync(new URL(`icon-${side}.png`, here), await page.screenshot());
}
await browser.close();
