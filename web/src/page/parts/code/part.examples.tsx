import type { Examples } from "../examples";
import { Code } from "./part";

const CODE = "T1-7KQ4M-X2V9P-3HWZD-C8RNA-5YTG6-BE1JF-K0M4S";

export const examples: Examples = {
    account: () => <Code label="Your account code" value={CODE} copy={async () => true} />,
    "copying refused": () => <Code label="Your account code" value={CODE} copy={async () => false} />,
};
