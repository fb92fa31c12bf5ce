import type { Examples } from "../examples";
import { Mark } from "./part";

export const examples: Examples = {
    "only you": () => <Mark reach={{ is: "only_you" }} />,
    "sealed for two": () => <Mark reach={{ is: "sealed", people_n: 2 }} />,
    "sealed for more": () => <Mark reach={{ is: "sealed", people_n: 4 }} />,
    "shared with one": () => <Mark reach={{ is: "shared", names: ["Ben"] }} />,
    "shared with many": () => (
        <Mark reach={{ is: "shared", names: ["Ben", "Cleo", "Dan", "Eleonora Featherstonehaugh", "Farid", "Grace"] }} />
    ),
};
