/**
 * dates.ts -- when something is, as a person would say it, in their language and time zone.
 *
 * All times are milliseconds since 1970. Neither clock nor zone is asked for: who calls gives both.
 */

export type PartOfDay = "morning" | "afternoon" | "evening" | "night";

/** What Intl has no words for. The day comes as Intl says it: "Thursday", "4 March". */
export interface DateWords {
    readonly language: string;
    readonly today: Readonly<Record<PartOfDay, string>>;
    readonly tomorrow: Readonly<Record<PartOfDay, string>>;
    readonly yesterday: Readonly<Record<PartOfDay, string>>;
    readonly just_now: string;
    /** A day of this week, with the part of the day: "Thursday evening". */
    readonly on_day: (day: string, part: PartOfDay) => string;
}

/** Where and when the reader is. */
export interface Here {
    readonly now_ms: number;
    /** An IANA name, such as "Europe/Lisbon". */
    readonly zone: string;
}

const DAY_MS = 86_400_000;

interface Local {
    readonly day: number; // days since 1970, in the reader's zone
    readonly year: number;
    readonly hour: number;
}

function local(at_ms: number, zone: string): Local {
    const said = new Intl.DateTimeFormat("en-u-ca-gregory-nu-latn", {
        timeZone: zone,
        hourCycle: "h23",
        year: "numeric",
        month: "numeric",
        day: "numeric",
        hour: "numeric",
    }).formatToParts(at_ms);
    const part = (type: string): number => Number(said.find((one) => one.type === type)?.value);
    return {
        day: Date.UTC(part("year"), part("month") - 1, part("day")) / DAY_MS,
        year: part("year"),
        hour: part("hour"),
    };
}

function part_of(hour: number): PartOfDay {
    // Two o'clock is morning: "tonight" would be taken for the night that comes.
    if (hour < 12) return "morning";
    if (hour < 17) return "afternoon";
    return hour < 22 ? "evening" : "night";
}

/** date_short -- the shortest words that cannot be misunderstood: "this evening", "Thursday", "4 March", "4 March 2024". */
export function date_short(at_ms: number, here: Here, words: DateWords): string {
    const at = local(at_ms, here.zone);
    const now = local(here.now_ms, here.zone);
    const days = at.day - now.day;
    const part = part_of(at.hour);
    if (days === 0) return Math.abs(at_ms - here.now_ms) < 60_000 ? words.just_now : words.today[part];
    if (days === 1) return words.tomorrow[part];
    if (days === -1) return words.yesterday[part];
    const format = (options: Intl.DateTimeFormatOptions): string =>
        new Intl.DateTimeFormat(words.language, { timeZone: here.zone, ...options }).format(at_ms);
    // The same weekday a week on has the same name as today's, so six days ahead is the last that may be called by it.
    if (days > 0 && days < 7) return words.on_day(format({ weekday: "long" }), part);
    const is_near = at.year === now.year || Math.abs(days) < 120;
    return format(is_near ? { day: "numeric", month: "long" } : { day: "numeric", month: "long", year: "numeric" });
}

/** date_full -- all of it: weekday, date, time, and the name of the zone. */
export function date_full(at_ms: number, here: Here, words: DateWords): string {
    return new Intl.DateTimeFormat(words.language, {
        timeZone: here.zone,
        weekday: "long",
        day: "numeric",
        month: "long",
        year: "numeric",
        hour: "numeric",
        minute: "2-digit",
        timeZoneName: "short",
    }).format(at_ms);
}

/** date_machine -- the form that the attribute `datetime` takes. */
export const date_machine = (at_ms: number): string => new Date(at_ms).toISOString();
