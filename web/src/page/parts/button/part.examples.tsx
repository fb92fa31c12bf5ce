import { useSignal } from "@preact/signals";
import type { Examples } from "../examples";
import { Button } from "./part";

/** A submit button in its form, whose outcome is said: what a person does twice happens once. */
function Sent() {
    const sent_n = useSignal(0);
    return (
        <form
            onSubmit={(event) => {
                event.preventDefault();
                sent_n.value++;
            }}
        >
            <Button kind="main" type="submit" is_busy={sent_n.value > 0}>
                Send it
            </Button>
            <p role="status">{sent_n.value > 0 ? `Sent, times: ${sent_n.value}` : ""}</p>
        </form>
    );
}

export const examples: Examples = {
    "in a form": () => <Sent />,
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
