import { useSignal } from "@preact/signals";
import type { Examples } from "../examples";
import { Field, type FieldProps } from "./part";

function Tried(props: Omit<FieldProps, "onValue">) {
    const value = useSignal(props.value);
    return (
        <Field
            {...props}
            value={value.value}
            onValue={(to) => {
                value.value = to;
            }}
        />
    );
}

export const examples: Examples = {
    name: () => (
        <Tried
            name="name"
            label="What should Ben call you?"
            value="Ana"
            reach={{ is: "shared", names: ["Ben"] }}
            autocomplete="given-name"
        />
    ),
    said: () => (
        <Tried
            name="will"
            label="I will…"
            value="be home by seven on Wednesdays, so you can make your rehearsal."
            help="What would Ben see or hear when it is done?"
            reach={{ is: "shared", names: ["Ben"] }}
            max_n={400}
            is_said
        />
    ),
    empty: () => (
        <Tried
            name="answer"
            label="What do you wish I asked you about more often?"
            value=""
            placeholder="As long or short as you like"
            reach={{ is: "sealed", people_n: 2 }}
            is_said
        />
    ),
    problem: () => (
        <Tried
            name="circle"
            label="What is this circle called?"
            value=""
            problem="Give it a name, so that you both know which one you are in."
            reach={{ is: "shared", names: ["everyone you invite"] }}
        />
    ),
    "nearly full": () => (
        <Tried
            name="note"
            label="A note"
            value="Under the blue pot."
            reach={{ is: "only_you" }}
            max_n={30}
            is_optional
        />
    ),
    "too long": () => (
        <Tried
            name="note"
            label="A note"
            value="Under the blue pot, on the left."
            reach={{ is: "only_you" }}
            max_n={30}
        />
    ),
};
