import type { JSX } from "preact";

/** What a part looks like in each of its states. Shown and checked by the tests, in both themes and at two widths. */
export type Examples = Readonly<Record<string, () => JSX.Element>>;
