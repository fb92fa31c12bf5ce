import type { Here } from "../../../words/dates";
import { Acts } from "../acts/part";
import { Bar } from "../bar/part";
import { Button } from "../button/part";
import { Entry } from "../entry/part";
import type { Examples } from "../examples";
import { Exit } from "../exit/part";
import { Lock } from "../lock/part";
import { Row, Rows } from "../row/part";
import { Shell } from "./part";

const NOW = Date.parse("2026-03-08T18:00:00Z");
const HERE: Here = { now_ms: NOW, zone: "Europe/Lisbon" };
const HOUR = 3_600_000;

const ways_out = (
    <>
        <Lock onLock={() => {}} />
        <Exit onLeave={() => {}} said="" />
    </>
);

export const examples: Examples = {
    "over the page: a screen with its bar": () => (
        <Shell title="Today" ways_out={ways_out} bar={<Bar at="today" href={(place) => `#${place}`} />}>
            <p class="lead">Sunday evening. One thing waits for you.</p>
            <Entry
                who={{ by: 2, name: "Ben" }}
                did="says it is done"
                said="I’ll ring your mother about Christmas before she has to ask."
                written_ms={NOW - 8 * HOUR}
                arrived_ms={NOW - 8 * HOUR}
                here={HERE}
            >
                <Acts>
                    <Button kind="main">Ben kept it</Button>
                    <Button>It was late</Button>
                    <Button kind="quiet">Not as I see it</Button>
                </Acts>
            </Entry>
            <Rows label="Coming up">
                <Row href="#row" said="Phones away at dinner" at_ms={NOW + 2 * HOUR} here={HERE} />
                <Row href="#row" said="Look at “money over 200” again" at_ms={NOW + 90 * HOUR} here={HERE} />
            </Rows>
        </Shell>
    ),
    "over the page: one step down": () => (
        <Shell title="A promise" up={{ href: "#up", label: "Promises" }} ways_out={ways_out}>
            <p>What is shown here says its own name.</p>
        </Shell>
    ),
};
