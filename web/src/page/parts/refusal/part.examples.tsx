import { Acts } from "../acts/part";
import { Button } from "../button/part";
import type { Examples } from "../examples";
import { Refusal } from "./part";

export const examples: Examples = {
    offline: () => <Refusal why={{ code: "offline" }} />,
    "with a way on": () => (
        <Refusal why={{ code: "no_session" }}>
            <Acts>
                <Button kind="main">Sign in again</Button>
                <Button kind="quiet">Later</Button>
            </Acts>
        </Refusal>
    ),
    alarm: () => <Refusal why={{ code: "forked" }} />,
};
