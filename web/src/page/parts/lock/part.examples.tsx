import type { Examples } from "../examples";
import { Lock } from "./part";

export const examples: Examples = { lock: () => <Lock onLock={() => {}} /> };
