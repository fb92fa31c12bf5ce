/**
 * contract.ts -- all that page and worker say to each other. Types only, and the number of this contract.
 *
 * A refusal is a value: whatever a person can meet comes back as an answer. A fault (the worker died, or said
 * something that is not in here) is an event, and after it this worker is not spoken to again.
 */
import type { Code } from "../gen/err";

/** Raised with every change of a message or of what a call takes and gives. */
export const ABI = 1;

/**
 * What can also come of asking, beside the errors of the core:
 * dropped: who asked did not want it any more. broken: the worker ended before it answered.
 * page_old: this page and the worker are of different versions.
 */
export type LinkCode = "dropped" | "broken" | "page_old";

/** Why something was refused: the code, and where, if that can be said. */
export interface Why {
    readonly code: Code | LinkCode;
    readonly field?: string;
    readonly at?: number;
}

export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: Why };

/** What this browser does with what is kept in it. */
export interface Keeping {
    /** "kept" until it is removed by a person, "lent" until the browser needs room, "no" if nothing can be kept at all. */
    readonly is: "kept" | "lent" | "no";
    readonly used_bytes: number;
    readonly room_bytes: number;
}

/** Every call: what it takes, what it gives. Only plain data that can be copied from one world to another. */
export type Calls = {
    "storage.look": { takes: Record<string, never>; gives: Keeping };
};

/** The form of a list of calls. Tests have lists of their own. */
export type CallList = Record<string, { takes: object; gives: unknown }>;
export type Name<C extends CallList> = keyof C & string;

export type ToWorker<C extends CallList> =
    | {
          [K in Name<C>]: { readonly kind: "ask"; readonly n: number; readonly name: K; readonly takes: C[K]["takes"] };
      }[Name<C>]
    | { readonly kind: "drop"; readonly n: number };

export type Live = "away" | "syncing" | "here" | "alarm";

export type ToPage =
    | { readonly kind: "ready"; readonly abi: number }
    | { readonly kind: "answer"; readonly n: number; readonly answer: Answer<unknown> }
    | { readonly kind: "step"; readonly n: number; readonly done: number; readonly of: number }
    | { readonly kind: "changed"; readonly circle: number; readonly rev: number }
    | { readonly kind: "state"; readonly live: Live }
    | { readonly kind: "broken"; readonly where: string };

/** What the worker does for each call: one function each, or it does not compile. */
export type Handlers<C extends CallList> = {
    readonly [K in Name<C>]: (takes: C[K]["takes"], job: Job) => Promise<Answer<C[K]["gives"]>>;
};

/** What a handler knows of the request it works on. */
export interface Job {
    readonly signal: Signal;
    /** Tells how far it is. */
    readonly step: (done: number, of: number) => void;
}

/** What this side needs of an AbortSignal. Written out, because neither side's own types belong here. */
export interface Signal {
    readonly aborted: boolean;
    addEventListener(type: "abort", act: () => void, options?: { once?: boolean }): void;
    removeEventListener(type: "abort", act: () => void): void;
}

export const taken = <T>(value: T): Answer<T> => ({ ok: true, value });
export const refused = (code: Why["code"]): Answer<never> => ({ ok: false, why: { code } });
