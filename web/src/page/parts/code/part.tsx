import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { words } from "../../speech";
import { Button } from "../button/part";
import "./part.css";

export interface CodeProps {
    readonly label: string;
    /** As it is to be typed, in groups. */
    readonly value: string;
    /** Puts it into the clipboard; whether the browser let it. */
    readonly copy: (value: string) => Promise<boolean>;
}

/** A code to write down, photograph or copy. */
export function Code({ label, value, copy }: CodeProps) {
    const text = useRef<HTMLElement>(null);
    const said = useSignal("");
    const act = async (): Promise<void> => {
        const is_copied = await copy(value);
        if (!is_copied && text.current) getSelection()?.selectAllChildren(text.current);
        said.value = is_copied ? words.parts.code.copied : words.parts.code.not_copied;
    };
    return (
        <figure class="code">
            <figcaption>{label}</figcaption>
            <code ref={text} translate={false}>
                {value}
            </code>
            <Button onAct={() => void act()}>{words.parts.code.copy}</Button>
            <p role="status">{said.value}</p>
        </figure>
    );
}
