import type { ComponentChildren } from "preact";
import type { Here } from "../../../words/dates";
import { words } from "../../speech";
import { Person, type PersonProps } from "../person/part";
import { WhenInFull } from "../when/part";
import "./part.css";

export interface EntryProps {
    readonly who: PersonProps;
    /** What they did with these words: "says it is done". */
    readonly did: string;
    /** The person's own words. */
    readonly said: string;
    readonly written_ms: number;
    /** When it came to this device; nothing for one's own that is still to be sent. */
    readonly arrived_ms: number | undefined;
    readonly here: Here;
    /** The acts, and a mark. */
    readonly children?: ComponentChildren;
}

/** Within this time, when it was written is also when it arrived. */
const AT_ONCE_MS = 5 * 60_000;

/** One entry, as a card: whose words, which, when. */
export function Entry({ who, did, said, written_ms, arrived_ms, here, children }: EntryProps) {
    const says = words.parts.entry;
    const is_late = arrived_ms !== undefined && arrived_ms - written_ms > AT_ONCE_MS;
    return (
        <article class="entry">
            <p class="whose">
                <Person {...who} /> {did}
            </p>
            <p class="said" dir="auto">
                {said}
            </p>
            <div class="times">
                <WhenInFull at_ms={written_ms} here={here} before={says.written} />
                {is_late && <WhenInFull at_ms={arrived_ms} here={here} before={says.arrived} />}
                {arrived_ms === undefined && <span class="kept">{says.kept_here}</span>}
            </div>
            {children}
        </article>
    );
}
