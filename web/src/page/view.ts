/**
 * view.ts -- what a screen shows: nothing yet, a refusal, or a value; never an older value than the one before.
 */
import type { Answer, Why } from "../link/contract";

export type View<T> =
    | { readonly is: "loading" }
    | { readonly is: "refused"; readonly why: Why }
    | { readonly is: "here"; readonly value: T };

/** view_next -- what is shown after an answer came. One who left is told nothing, so what was there stays. */
export function view_next<T extends { readonly rev: number }>(seen: View<T>, answer: Answer<T>): View<T> {
    if (!answer.ok) return answer.why.code === "dropped" ? seen : { is: "refused", why: answer.why };
    if (seen.is === "here" && answer.value.rev < seen.value.rev) return seen;
    return { is: "here", value: answer.value };
}

/** never -- a case that the types say cannot be. */
export function never(value: never): never {
    throw new TypeError(`There is no screen for ${JSON.stringify(value)}.`);
}
