import { useSignal } from "@preact/signals";
import type { Examples } from "../examples";
import { Passphrase, type PassphraseProps } from "./part";

function Tried(props: Omit<PassphraseProps, "onValue">) {
    const value = useSignal(props.value);
    return (
        <Passphrase
            {...props}
            value={value.value}
            onValue={(to) => {
                value.value = to;
            }}
        />
    );
}

export const examples: Examples = {
    unlock: () => <Tried name="passphrase" label="Your passphrase" value="" is_new={false} />,
    new: () => (
        <Tried
            name="passphrase"
            label="A passphrase"
            value="green kettle under the stairs"
            help="Four or five words that nobody would guess from knowing you."
            strength="Strong: guessing it would take longer than anybody has."
            is_new
        />
    ),
    problem: () => (
        <Tried
            name="passphrase"
            label="Your passphrase"
            value="green kettle"
            problem="It doesn’t open with this one. Capital letters and spaces count."
            is_new={false}
        />
    ),
};
