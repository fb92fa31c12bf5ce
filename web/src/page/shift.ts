/**
 * shift.ts -- Shift, alone, three times within a few seconds: counted without a clock or a document of its own.
 */

export const PRESSES_N = 3;
/** So long the presses may take together; afterwards it begins anew. */
export const WITHIN_MS = 5_000;

export interface Key {
    readonly type: "keydown" | "keyup";
    readonly key: string;
    readonly is_repeat: boolean;
    readonly at_ms: number;
}

/** How many presses are missing: 0 is the time to leave. */
export interface Shifts {
    key(key: Key): number;
    /** The presses so far don't count any more. Gives how many there were. */
    forget(): number;
}

/** shifts -- counts. A Shift that was held for a capital letter, or while the mouse was used, is none. */
export function shifts(): Shifts {
    let presses: number[] = [];
    let is_alone = false;
    return {
        key({ type, key, is_repeat, at_ms }) {
            presses = presses.filter((then) => at_ms - then < WITHIN_MS);
            if (type === "keydown") {
                if (!is_repeat) is_alone = key === "Shift";
                // What is typed in between ends the count: three capitals in a name are not a wish to leave.
                if (key !== "Shift") presses = [];
            } else if (key === "Shift" && is_alone) {
                is_alone = false;
                presses.push(at_ms);
            }
            return PRESSES_N - presses.length;
        },
        forget() {
            const had_n = presses.length;
            presses = [];
            is_alone = false;
            return had_n;
        },
    };
}
