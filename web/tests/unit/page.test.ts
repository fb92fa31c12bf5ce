import decodeQR from "qr/decode.js";
import { describe, expect, test } from "vitest";
import { refused, taken } from "../../src/link/contract";
import { QUIET_N, squares_of } from "../../src/page/parts/qr/matrix";
import { PRESSES_N, shifts, WITHIN_MS } from "../../src/page/shift";
import { type View, view_next } from "../../src/page/view";

describe("Shift three times", () => {
    const press = (count: ReturnType<typeof shifts>, at_ms: number, key = "Shift"): number => {
        count.key({ type: "keydown", key, is_repeat: false, at_ms });
        return count.key({ type: "keyup", key, is_repeat: false, at_ms: at_ms + 50 });
    };

    test("tells how many are missing, down to none", () => {
        const count = shifts();
        expect([0, 500, 1000].map((at) => press(count, at))).toEqual([2, 1, 0]);
    });

    test("counts only what lies within the time", () => {
        const count = shifts();
        press(count, 0);
        press(count, 2_000);
        expect(press(count, WITHIN_MS + 100)).toBe(1);
        expect(press(count, WITHIN_MS + 200)).toBe(0);
    });

    test("a Shift that makes a capital letter is none", () => {
        const count = shifts();
        for (let at = 0; at < 3_000; at += 1_000) {
            count.key({ type: "keydown", key: "Shift", is_repeat: false, at_ms: at });
            count.key({ type: "keydown", key: "A", is_repeat: false, at_ms: at + 10 });
            count.key({ type: "keyup", key: "A", is_repeat: false, at_ms: at + 20 });
            expect(count.key({ type: "keyup", key: "Shift", is_repeat: false, at_ms: at + 30 })).toBe(PRESSES_N);
        }
    });

    test("a letter in between begins the count anew", () => {
        const count = shifts();
        press(count, 0);
        press(count, 100);
        press(count, 200, "a");
        expect(press(count, 300)).toBe(2);
    });

    test("a Shift that is held is one", () => {
        const count = shifts();
        for (let at = 0; at < 1_000; at += 30) {
            count.key({ type: "keydown", key: "Shift", is_repeat: at > 0, at_ms: at });
        }
        expect(count.key({ type: "keyup", key: "Shift", is_repeat: false, at_ms: 1_000 })).toBe(2);
    });

    test("a Shift that made a letter and is held on is none", () => {
        const count = shifts();
        count.key({ type: "keydown", key: "Shift", is_repeat: false, at_ms: 0 });
        count.key({ type: "keydown", key: "A", is_repeat: false, at_ms: 10 });
        count.key({ type: "keyup", key: "A", is_repeat: false, at_ms: 20 });
        count.key({ type: "keydown", key: "Shift", is_repeat: true, at_ms: 30 });
        expect(count.key({ type: "keyup", key: "Shift", is_repeat: false, at_ms: 40 })).toBe(PRESSES_N);
    });

    test("forgets when told to, also a Shift that is down", () => {
        const count = shifts();
        press(count, 0);
        count.key({ type: "keydown", key: "Shift", is_repeat: false, at_ms: 100 });
        expect(count.forget()).toBe(1);
        expect(count.key({ type: "keyup", key: "Shift", is_repeat: false, at_ms: 150 })).toBe(PRESSES_N);
    });
});

describe("what a screen shows", () => {
    const here = (rev: number): View<{ rev: number }> => ({ is: "here", value: { rev } });

    test("the first answer, and every newer one", () => {
        expect(view_next({ is: "loading" }, taken({ rev: 1 }))).toEqual(here(1));
        expect(view_next(here(1), taken({ rev: 2 }))).toEqual(here(2));
        expect(view_next(here(2), taken({ rev: 2 }))).toEqual(here(2));
    });

    test("never an older one", () => {
        expect(view_next(here(2), taken({ rev: 1 }))).toEqual(here(2));
    });

    test("a refusal, but not that one has left", () => {
        expect(view_next(here(2), refused("no_session"))).toEqual({ is: "refused", why: { code: "no_session" } });
        expect(view_next(here(2), refused("dropped"))).toEqual(here(2));
        expect(view_next({ is: "loading" }, refused("dropped"))).toEqual({ is: "loading" });
    });

    test("after a refusal, what comes next", () => {
        expect(view_next({ is: "refused", why: { code: "offline" } }, taken({ rev: 3 }))).toEqual(here(3));
    });
});

/** Draws the path as a camera would see it, so many pixels for a square. */
function seen(text: string, scale: number): { width: number; height: number; data: Uint8ClampedArray } {
    const { side_n, path } = squares_of(text);
    const side = side_n * scale;
    const data = new Uint8ClampedArray(side * side * 4).fill(255);
    for (const [, x, y, n] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
        for (let dy = 0; dy < scale; dy++) {
            for (let dx = 0; dx < Number(n) * scale; dx++) {
                const at = ((Number(y) * scale + dy) * side + Number(x) * scale + dx) * 4;
                data.fill(0, at, at + 3);
            }
        }
    }
    return { width: side, height: side, data };
}

describe("QR codes", () => {
    for (const text of ["A", "https://troth.example/#I1-7KQ4M-X2V9P-3HWZD-C8RNA", "Łukasz & Zoë ♥".repeat(12)]) {
        test(`read back what was written: ${text.slice(0, 30)}`, () => {
            expect(decodeQR(seen(text, 4))).toBe(text);
        });
    }

    test("have quiet squares all around", () => {
        const { side_n, path } = squares_of("Troth");
        for (const [, x, y, n] of path.matchAll(/M(\d+) (\d+)h(\d+)/g)) {
            expect(Math.min(Number(x), Number(y))).toBeGreaterThanOrEqual(QUIET_N);
            expect(Number(x) + Number(n)).toBeLessThanOrEqual(side_n - QUIET_N);
        }
    });
});
