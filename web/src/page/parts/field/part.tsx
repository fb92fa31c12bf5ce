import { words } from "../../speech";
import { Mark, type Reach } from "../mark/part";
import "./part.css";

export interface FieldProps {
    readonly name: string;
    readonly label: string;
    readonly value: string;
    readonly onValue: (value: string) => void;
    /** Who will read it. There is no field without. */
    readonly reach: Reach;
    readonly help?: string;
    /** What is wrong with it and how to mend it, after the person has left the field or wanted to send it. */
    readonly problem?: string | undefined;
    readonly is_optional?: boolean;
    /** Words for another person are set as they will be read. Several lines. */
    readonly is_said?: boolean;
    /** How many characters there is room for. */
    readonly max_n?: number;
    readonly autocomplete?: string;
    readonly placeholder?: string;
}

/** Characters as people count them, near enough: code points. */
export const characters_n = (text: string): number => [...text].length;

function Room({ value, max_n }: { readonly value: string; readonly max_n: number }) {
    const left_n = max_n - characters_n(value);
    const is_near = left_n <= Math.max(20, max_n / 10);
    const text = left_n < 0 ? words.parts.field.over(-left_n) : words.parts.field.left(left_n);
    return (
        <span class="room" role="status" data-over={left_n < 0 ? "" : undefined}>
            {is_near ? text : ""}
        </span>
    );
}

export function Field(props: FieldProps) {
    const { name, label, value, onValue, reach, help, problem, max_n, is_said = false } = props;
    const id = (what: string): string => `${name}-${what}`;
    const described = [problem && id("problem"), help && id("help"), id("mark")].filter(Boolean).join(" ");
    const onInput = (event: { readonly currentTarget: { readonly value: string } }): void =>
        onValue(event.currentTarget.value);
    const common = {
        id: id("input"),
        name,
        value,
        onInput,
        placeholder: props.placeholder,
        "aria-describedby": described,
        "aria-invalid": problem ? ("true" as const) : undefined,
        "aria-required": props.is_optional ? undefined : ("true" as const),
    };
    return (
        <div class="field" data-problem={problem ? "" : undefined}>
            <label for={id("input")}>
                {label}
                {props.is_optional && <span class="optional"> ({words.parts.field.optional})</span>}
            </label>
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
            {is_said ? (
                <textarea {...common} rows={3} dir="auto" />
            ) : (
                <input {...common} type="text" dir="auto" autocomplete={props.autocomplete ?? "off"} />
            )}
            <div class="below">
                <Mark reach={reach} id={id("mark")} />
                {max_n !== undefined && <Room value={value} max_n={max_n} />}
            </div>
        </div>
    );
}
