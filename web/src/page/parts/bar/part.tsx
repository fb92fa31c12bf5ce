import { words } from "../../speech";
import "./part.css";

export const PLACES = ["today", "promises", "talk", "together", "picture"] as const;
export type Place = (typeof PLACES)[number];

export interface BarProps {
    /** Where the reader is; nothing if it is none of these. */
    readonly at: Place | undefined;
    readonly href: (place: Place) => string;
    /** The places that there are so far. */
    readonly places?: readonly Place[];
}

/** The parts of a circle: below on a phone, at the side where there is room. It counts nothing. */
export function Bar({ at, href, places = PLACES }: BarProps) {
    return (
        <nav class="bar" aria-label={words.parts.bar.label}>
            <ul>
                {places.map((place) => (
                    <li key={place}>
                        <a href={href(place)} aria-current={place === at ? "page" : undefined}>
                            {words.parts.bar[place]}
                        </a>
                    </li>
                ))}
            </ul>
        </nav>
    );
}
