import { Acts } from "../acts/part";
import { Button } from "../button/part";
import type { Examples } from "../examples";
import { Sheet } from "./part";

export const examples: Examples = {
    "over the page: a question before what cannot be undone": () => (
        <Sheet title="Own up to this?" close="Not now" onClose={() => {}}>
            <p>It is signed by you, and can be shown to others. It can’t be taken back.</p>
            <Acts>
                <Button kind="main">I didn’t do it</Button>
            </Acts>
        </Sheet>
    ),
};
