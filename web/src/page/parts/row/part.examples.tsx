import type { Here } from "../../../words/dates";
import type { Examples } from "../examples";
import { Row, Rows } from "./part";

const NOW = Date.parse("2026-03-04T17:00:00Z");
const HERE: Here = { now_ms: NOW, zone: "Europe/Lisbon" };
const HOUR = 3_600_000;

export const examples: Examples = {
    "coming up": () => (
        <Rows label="Coming up">
            <Row href="#row" said="Phones away at dinner" at_ms={NOW + 2 * HOUR} here={HERE} />
            <Row href="#row" said="Look at “money over 200” again" at_ms={NOW + 30 * HOUR} here={HERE} />
        </Rows>
    ),
    promises: () => (
        <Rows label="What you two promised">
            <Row
                href="#row"
                by={1}
                said="I’ll be home by seven on Wednesdays, so you can make your rehearsal."
                at_ms={NOW + 100 * HOUR}
                here={HERE}
                note="Every Wednesday"
            />
            <Row
                href="#row"
                by={2}
                said="Call the plumber"
                at_ms={NOW - 900 * HOUR}
                here={HERE}
                note="Seen differently"
            />
        </Rows>
    ),
};
