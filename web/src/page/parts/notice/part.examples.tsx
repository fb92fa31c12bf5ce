import { Button } from "../button/part";
import type { Examples } from "../examples";
import { Notice } from "./part";

export const examples: Examples = {
    plain: () => (
        <Notice>
            <p>You are offline. What you write is kept here, and sent when you’re back.</p>
        </Notice>
    ),
    "with an act": () => (
        <Notice>
            <p>There is a newer version of Troth. It opens when you want it.</p>
            <Button>Open the newer version</Button>
        </Notice>
    ),
};
