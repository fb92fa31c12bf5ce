import type { Examples } from "../examples";
import { Button } from "./part";

export const examples: Examples = {
    main: () => <Button kind="main">Keep my word: done</Button>,
    plain: () => <Button>It was late</Button>,
    quiet: () => <Button kind="quiet">Not as I see it</Button>,
    busy: () => (
        <Button kind="main" is_busy>
            Making your account…
        </Button>
    ),
    long: () => (
        <Button kind="main">
            I’m with you, and I would like to talk about it this evening when the children sleep
        </Button>
    ),
};
