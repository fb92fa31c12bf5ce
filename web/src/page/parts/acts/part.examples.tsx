import { Button } from "../button/part";
import type { Examples } from "../examples";
import { Acts } from "./part";

export const examples: Examples = {
    three: () => (
        <Acts>
            <Button kind="main">Ben kept it</Button>
            <Button>It was late</Button>
            <Button kind="quiet">Not as I see it</Button>
        </Acts>
    ),
    one: () => (
        <Acts>
            <Button kind="main">Answer</Button>
        </Acts>
    ),
};
