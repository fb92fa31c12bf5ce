import type { Examples } from "../examples";
import { Bar } from "./part";

export const examples: Examples = {
    "at today": () => <Bar at="today" href={(place) => `#${place}`} />,
    "elsewhere, and fewer places": () => (
        <Bar at={undefined} href={(place) => `#${place}`} places={["today", "promises"]} />
    ),
};
