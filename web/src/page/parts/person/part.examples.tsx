import type { Examples } from "../examples";
import { Person } from "./part";

const NAMES = ["Ana", "Ben", "Cleo", "Dan", "Elif", "Farid", "Grace", "Hana", "Ivo", "Jun", "Kaya", "Łukasz"];

export const examples: Examples = {
    two: () => (
        <p>
            <Person by={1} name="Ana" is_you /> promised <Person by={2} name="Ben" />
        </p>
    ),
    twelve: () => (
        <ul>
            {NAMES.map((name, index) => (
                <li key={name}>
                    <Person by={index + 1} name={name} />
                </li>
            ))}
        </ul>
    ),
    "a long name": () => <Person by={2} name="Bartholomew-Maximilian-von-und-zu-Wolfeschlegelsteinhausenbergerdorff" />,
};
