/**
 * keeping.ts -- whether this browser keeps what is written here: tried, not guessed from its name.
 */
import { deleteDB, openDB } from "idb";
import type { Answer, Keeping } from "../link/contract";
import { taken } from "../link/contract";

const TRIAL = "troth-trial";

/** Writes, reads and removes one value. A private window may refuse any of the three. */
async function can_keep(): Promise<boolean> {
    try {
        const db = await openDB(TRIAL, 1, { upgrade: (fresh) => void fresh.createObjectStore("trial") });
        try {
            await db.put("trial", 1, "one");
            return (await db.get("trial", "one")) === 1;
        } finally {
            db.close();
            await deleteDB(TRIAL);
        }
    } catch {
        return false; // that it throws is the answer
    }
}

/** keeping_look -- never refused: a browser that says nothing keeps nothing for sure. */
export async function keeping_look(): Promise<Answer<Keeping>> {
    if (!(await can_keep())) return taken({ is: "no", used_bytes: 0, room_bytes: 0 });
    const storage: StorageManager | undefined = navigator.storage;
    const is_persisted = (await storage?.persisted?.()) ?? false;
    const { usage = 0, quota = 0 } = (await storage?.estimate?.()) ?? {};
    return taken({ is: is_persisted ? "kept" : "lent", used_bytes: usage, room_bytes: quota });
}
