import { useSignal } from "@preact/signals";
import { Acts } from "../acts/part";
import { Button } from "../button/part";
import type { Examples } from "../examples";
import { Sheet } from "./part";

function Opened() {
    const is_open = useSignal(false);
    return (
        <>
            <Button
                onAct={() => {
                    is_open.value = true;
                }}
            >
                I didn’t…
            </Button>
            {is_open.value && (
                <Sheet
                    title="Own up to this?"
                    close="Not now"
                    onClose={() => {
                        is_open.value = false;
                    }}
                >
                    <p>It is signed by you.</p>
                    <Button kind="main">I didn’t do it</Button>
                </Sheet>
            )}
        </>
    );
}

export const examples: Examples = {
    opened: () => <Opened />,
    "over the page: a question before what cannot be undone": () => (
        <Sheet title="Own up to this?" close="Not now" onClose={() => {}}>
            <p>It is signed by you, and can be shown to others. It can’t be taken back.</p>
            <Acts>
                <Button kind="main">I didn’t do it</Button>
            </Acts>
        </Sheet>
    ),
};
