import type { Examples } from "../examples";
import { Exit } from "./part";

export const examples: Examples = {
    quiet: () => <Exit onLeave={() => {}} said="" />,
    "Shift was pressed once": () => <Exit onLeave={() => {}} said="Press Shift 2 more times to leave." />,
};
