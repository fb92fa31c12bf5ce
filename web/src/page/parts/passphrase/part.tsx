import { useSignal } from "@preact/signals";
import { words } from "../../speech";
import { Mark } from "../mark/part";
import "./part.css";

export interface PassphraseProps {
    readonly name: string;
    readonly label: string;
    readonly value: string;
    readonly onValue: (value: string) => void;
    /** A new one is offered to the password manager, one in use is asked of it. */
    readonly is_new: boolean;
    readonly help?: string;
    /** How long it would hold, in words. Told by whoever can judge it. */
    readonly strength?: string | undefined;
    readonly problem?: string | undefined;
}

export function Passphrase(props: PassphraseProps) {
    const { name, label, value, onValue, is_new, help, strength, problem } = props;
    const is_shown = useSignal(false);
    const has_capitals = useSignal(false);
    const id = (what: string): string => `${name}-${what}`;
    const look = (event: KeyboardEvent | MouseEvent): void => {
        has_capitals.value = event.getModifierState?.("CapsLock") ?? false;
    };
    const said = words.parts.passphrase;
    const described = [problem && id("problem"), help && id("help"), id("strength"), id("mark")]
        .filter(Boolean)
        .join(" ");
    return (
        <div class="field passphrase" data-problem={problem ? "" : undefined}>
            <label for={id("input")}>{label}</label>
            {help && (
                <p class="help" id={id("help")}>
                    {help}
                </p>
            )}
            {problem && (
                <p class="problem" id={id("problem")}>
                    <span class="unseen">{words.parts.field.problem}</span>
                    {problem}
                </p>
            )}
            <div class="line">
                <input
                    id={id("input")}
                    name={name}
                    type={(is_shown.value ? "text" : "password") as "password"}
                    value={value}
                    onInput={(event) => onValue(event.currentTarget.value)}
                    onKeyUp={look}
                    onMouseDown={look}
                    autocomplete={is_new ? "new-password" : "current-password"}
                    autocapitalize="none"
                    autocorrect="off"
                    spellcheck={false}
                    aria-describedby={described}
                    aria-invalid={problem ? "true" : undefined}
                    aria-required="true"
                />
                <button
                    type="button"
                    aria-label={is_shown.value ? said.hide_what : said.show_what}
                    onClick={() => {
                        is_shown.value = !is_shown.value;
                    }}
                >
                    {is_shown.value ? said.hide : said.show}
                </button>
            </div>
            <p class="strength" id={id("strength")} role="status">
                {has_capitals.value ? `${said.capitals} ` : ""}
                {strength ?? ""}
            </p>
            <div class="below">
                <Mark reach={{ is: "only_you" }} id={id("mark")} />
            </div>
        </div>
    );
}
