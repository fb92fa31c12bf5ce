import type { ComponentChildren } from "preact";
import type { Here } from "../../../words/dates";
import { type By, PersonMark } from "../person/part";
import { When } from "../when/part";
import "./part.css";

export interface RowProps {
    readonly href: string;
    /** A person's words. */
    readonly said: string;
    readonly by?: By;
    readonly at_ms?: number;
    readonly here: Here;
    /** One quiet line below: "asked to change". */
    readonly note?: string;
}

/** One line of a list, all of which leads to the thing itself. */
export function Row({ href, said, by, at_ms, here, note }: RowProps) {
    return (
        <li class="row">
            <a href={href}>
                {by !== undefined && <PersonMark by={by} />}
                <span class="what">
                    <span class="said" dir="auto">
                        {said}
                    </span>
                    {note && <span class="note">{note}</span>}
                </span>
                {at_ms !== undefined && <When at_ms={at_ms} here={here} />}
            </a>
        </li>
    );
}

export function Rows({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
    return (
        <section class="rows" aria-label={label}>
            <h2>{label}</h2>
            <ul>{children}</ul>
        </section>
    );
}
