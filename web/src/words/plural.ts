/**
 * plural.ts -- "one thing", "2 things": which form a number takes is the language's own affair.
 */

/** The forms that a language has; "#" is where the number goes. Every language has "other". */
export type Forms = { readonly other: string } & Partial<Readonly<Record<Intl.LDMLPluralRule, string>>>;

/** plural -- a function that puts a number into words of one language. */
export function plural(language: string): (n: number, forms: Forms) => string {
    const rules = new Intl.PluralRules(language);
    const digits = new Intl.NumberFormat(language);
    return (n, forms) => (forms[rules.select(n)] ?? forms.other).replaceAll("#", digits.format(n));
}
