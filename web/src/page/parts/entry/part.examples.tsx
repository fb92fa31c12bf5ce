import type { Here } from "../../../words/dates";
import { Acts } from "../acts/part";
import { Button } from "../button/part";
import type { Examples } from "../examples";
import { Mark } from "../mark/part";
import { Entry } from "./part";

const NOW = Date.parse("2026-03-04T17:00:00Z");
const HERE: Here = { now_ms: NOW, zone: "Europe/Lisbon" };
const HOUR = 3_600_000;

export const examples: Examples = {
    waits: () => (
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
    ),
    "one's own, not sent yet": () => (
        <Entry
            who={{ by: 1, name: "Ana", is_you: true }}
            did="owned up"
            said="I didn’t leave in time. I saw the clock and stayed. I’m sorry; you missed the first half."
            written_ms={NOW - 20_000}
            arrived_ms={undefined}
            here={HERE}
        >
            <Mark reach={{ is: "shared", names: ["Ben"] }} />
        </Entry>
    ),
    "arrived late": () => (
        <Entry
            who={{ by: 9, name: "Ivo" }}
            did="agreed"
            said="Half past seven is fine."
            written_ms={NOW - 60 * HOUR}
            arrived_ms={NOW - 2 * HOUR}
            here={HERE}
        />
    ),
    "words that look like code, and one very long word": () => (
        <Entry
            who={{ by: 2, name: "<b>Ben</b>" }}
            did="said"
            said={
                '<script>alert("x")</script> <img src=x onerror=alert(1)> Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft'
            }
            written_ms={NOW}
            arrived_ms={NOW}
            here={HERE}
        />
    ),
    "from right to left": () => (
        <Entry
            who={{ by: 3, name: "ליאת" }}
            did="promised"
            said="אני אהיה בבית בשבע בימי רביעי."
            written_ms={NOW - 30 * HOUR}
            arrived_ms={NOW - 30 * HOUR}
            here={HERE}
        />
    ),
};
