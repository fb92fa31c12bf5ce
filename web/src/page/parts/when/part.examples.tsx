import type { Here } from "../../../words/dates";
import type { Examples } from "../examples";
import { When, WhenInFull } from "./part";

const NOW = Date.parse("2026-03-04T17:00:00Z");
const HERE: Here = { now_ms: NOW, zone: "Europe/Lisbon" };
const DAY = 86_400_000;

export const examples: Examples = {
    short: () => (
        <ul>
            {[-400, -20, -1, 0.1, 1, 3, 30].map((days) => (
                <li key={days}>
                    <When at_ms={NOW + days * DAY} here={HERE} />
                </li>
            ))}
        </ul>
    ),
    "in full on demand": () => <WhenInFull at_ms={NOW + 3 * DAY} here={HERE} before="Due" />,
};
