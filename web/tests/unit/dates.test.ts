import { describe, expect, test } from "vitest";
import { date_full, date_machine, date_short } from "../../src/words/dates";
import { dates } from "../../src/words/en/dates";

const ZONE = "Europe/Berlin";
/** A time in Berlin, in winter (+01:00) or summer (+02:00). */
const at = (iso: string): number => Date.parse(iso);
const NOW = at("2026-03-04T18:00:00+01:00"); // a Wednesday
const short = (iso: string, now = NOW, zone = ZONE): string => date_short(at(iso), { now_ms: now, zone }, dates);

describe("the shortest words", () => {
    const cases: [string, string][] = [
        ["2026-03-04T18:00:30+01:00", "just now"],
        ["2026-03-04T17:59:30+01:00", "just now"],
        ["2026-03-04T07:00:00+01:00", "this morning"],
        ["2026-03-04T02:00:00+01:00", "this morning"],
        ["2026-03-04T12:00:00+01:00", "this afternoon"],
        ["2026-03-04T19:00:00+01:00", "this evening"],
        ["2026-03-04T23:59:00+01:00", "tonight"],
        ["2026-03-05T00:00:00+01:00", "tomorrow morning"],
        ["2026-03-05T19:00:00+01:00", "tomorrow evening"],
        ["2026-03-03T22:30:00+01:00", "last night"],
        ["2026-03-03T09:00:00+01:00", "yesterday morning"],
        ["2026-03-06T09:00:00+01:00", "Friday"],
        ["2026-03-06T19:00:00+01:00", "Friday evening"],
        ["2026-03-10T12:00:00+01:00", "Tuesday"],
        ["2026-03-11T12:00:00+01:00", "11 March"],
        ["2026-03-02T12:00:00+01:00", "2 March"],
        ["2025-12-24T12:00:00+01:00", "24 December"],
        ["2025-03-04T12:00:00+01:00", "4 March 2025"],
        ["2027-01-01T12:00:00+01:00", "1 January 2027"],
    ];
    for (const [iso, words] of cases) test(`${iso} is ${words}`, () => expect(short(iso)).toBe(words));
});

test("a day is the reader's day", () => {
    const iso = "2026-03-04T23:30:00Z";
    expect(short(iso, at("2026-03-04T20:00:00Z"), "Europe/London")).toBe("tonight");
    expect(short(iso, at("2026-03-04T20:00:00Z"), "Asia/Tokyo")).toBe("this morning");
});

test("the days on which clocks change are days like others", () => {
    const before = at("2026-03-28T12:00:00+01:00");
    expect(short("2026-03-29T12:00:00+02:00", before)).toBe("tomorrow afternoon");
    expect(short("2026-03-30T12:00:00+02:00", before)).toBe("Monday");
    expect(short("2026-10-26T00:30:00+01:00", at("2026-10-25T00:30:00+02:00"))).toBe("tomorrow morning");
});

test("in full: weekday, date, time and zone", () => {
    const said = date_full(NOW, { now_ms: NOW, zone: ZONE }, dates);
    for (const part of ["Wednesday", "4 March 2026", "18:00", "CET"]) expect(said).toContain(part);
});

test("for machines, in UTC", () => {
    expect(date_machine(NOW)).toBe("2026-03-04T17:00:00.000Z");
});
