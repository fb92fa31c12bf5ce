/**
 * words.ts -- the words of the language that is spoken. English is the type that every language has to satisfy: a
 * sentence that is missing does not compile, and neither does one that takes other things.
 */
import type { DateWords } from "./dates";
import { dates } from "./en/dates";
import { parts } from "./en/parts";
import { refusals } from "./en/refusals";
import { welcome } from "./en/welcome";

/** The same names and functions, with any text. */
export type Wording<T> = T extends string
    ? string
    : T extends (...takes: infer Takes) => string
      ? (...takes: Takes) => string
      : { readonly [K in keyof T]: Wording<T[K]> };

export interface Words {
    readonly dates: DateWords;
    readonly parts: Wording<typeof parts>;
    readonly refusals: typeof refusals;
    readonly welcome: Wording<typeof welcome>;
}

export const en: Words = { dates, parts, refusals, welcome };
