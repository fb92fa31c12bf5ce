import { useSignal } from "@preact/signals";
import { date_full, date_machine, date_short, type Here } from "../../../words/dates";
import { words } from "../../speech";
import "./part.css";

export interface WhenProps {
    readonly at_ms: number;
    readonly here: Here;
}

/** When something is, in the shortest words. For lists, where the whole row leads further. */
export function When({ at_ms, here }: WhenProps) {
    return <time dateTime={date_machine(at_ms)}>{date_short(at_ms, here, words.dates)}</time>;
}

/** The same; who touches it sees weekday, date, time and zone. */
export function WhenInFull({ at_ms, here, before }: WhenProps & { readonly before?: string }) {
    const is_full = useSignal(false);
    const text = is_full.value ? date_full(at_ms, here, words.dates) : date_short(at_ms, here, words.dates);
    return (
        <button
            class="when"
            type="button"
            aria-pressed={is_full.value ? "true" : "false"}
            onClick={() => {
                is_full.value = !is_full.value;
            }}
        >
            {before && `${before} `}
            <time dateTime={date_machine(at_ms)}>{text}</time>
        </button>
    );
}
