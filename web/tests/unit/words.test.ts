import { describe, expect, test } from "vitest";
import { CODES } from "../../src/gen/err";
import { plural } from "../../src/words/plural";
import { en } from "../../src/words/words";

describe("numbers", () => {
    test("English has one and other", () => {
        const n_of = plural("en-GB");
        const forms = { one: "# thing waits", other: "# things wait" };
        expect([0, 1, 2, 1234].map((n) => n_of(n, forms))).toEqual([
            "0 things wait",
            "1 thing waits",
            "2 things wait",
            "1,234 things wait",
        ]);
    });

    test("other languages have other forms, and other digits", () => {
        const forms = { one: "# jedna", few: "# kilka", many: "# wiele", other: "#" };
        expect([1, 3, 5].map((n) => plural("pl")(n, forms))).toEqual(["1 jedna", "3 kilka", "5 wiele"]);
        expect(plural("ar-EG")(5, { other: "#" })).toBe("٥");
    });

    test("a form that a language has and the words have not is the other one", () => {
        expect(plural("pl")(3, { other: "# x" })).toBe("3 x");
    });
});

describe("refusals", () => {
    for (const code of [...CODES, "dropped", "broken", "page_old"] as const) {
        test(`${code}: three sentences a person can read`, () => {
            const { happened, kept, next } = en.refusals[code];
            for (const sentence of [happened, kept, next]) {
                expect(sentence).toMatch(/^[A-Z].*\.$/);
                expect(sentence).not.toMatch(/error|invalid|fail|hash|payload|please|oops|'|!/i);
                expect(sentence).not.toMatch(/CBOR|HTTP\b/);
            }
            expect(happened.length).toBeLessThan(100);
        });
    }
});

test("who reads along is said by name", () => {
    expect(en.parts.mark.shared(["Ben"])).toBe("Shared with Ben");
    expect(en.parts.mark.shared(["Ben", "Cleo", "Dan"])).toBe("Shared with Ben, Cleo and Dan");
});
