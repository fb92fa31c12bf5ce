import { words } from "../../speech";
import "./part.css";

/** The place of a person in the circle, in the order of joining, from 1. Colour and shape follow from it for good. */
export type By = number;

/** Six shapes; from the seventh person on they are hollow, so that twelve people never look alike. */
const SHAPES = [
    "M6 .6a5.4 5.4 0 1 1 0 10.8A5.4 5.4 0 0 1 6 .6z",
    "M6 .4 11.6 6 6 11.6.4 6z",
    "M6 .8 11.6 10.8H.4z",
    "M1.2 1.2h9.6v9.6H1.2z",
    "M3.2 1h5.6L11.6 6 8.8 11H3.2L.4 6z",
    "M6 11.2.4 1.2h11.2z",
];

export function PersonMark({ by }: { readonly by: By }) {
    const shape = (by - 1) % SHAPES.length;
    const is_hollow = Math.floor((by - 1) / SHAPES.length) % 2 === 1;
    return (
        <svg class="person-mark" data-hue={shape + 1} viewBox="-1 -1 14 14" aria-hidden="true">
            <path d={SHAPES[shape]} data-hollow={is_hollow ? "" : undefined} />
        </svg>
    );
}

export interface PersonProps {
    readonly by: By;
    readonly name: string;
    /** The reader. Then it says "You". */
    readonly is_you?: boolean;
}

export function Person({ by, name, is_you = false }: PersonProps) {
    return (
        <span class="person" data-hue={((by - 1) % SHAPES.length) + 1}>
            <PersonMark by={by} />
            <bdi>{is_you ? words.parts.entry.you : name}</bdi>
        </span>
    );
}
