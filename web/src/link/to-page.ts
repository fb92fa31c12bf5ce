/**
 * to-page.ts -- reads what came from the worker, before anything acts on it.
 */
import type { ToPage } from "./contract";

const is_object = (x: unknown): x is Record<string, unknown> => typeof x === "object" && x !== null;
const is_count = (x: unknown): x is number => typeof x === "number" && Number.isSafeInteger(x) && x >= 0;
const LIVES: ReadonlySet<unknown> = new Set(["away", "syncing", "here", "alarm"]);

const is_answer = (x: unknown): boolean =>
    is_object(x) &&
    (x["ok"] === true || (x["ok"] === false && is_object(x["why"]) && typeof x["why"]["code"] === "string"));

/** The message, if it has the form of one; nothing otherwise. What an answer holds is not looked into. */
export function read_to_page(x: unknown): ToPage | undefined {
    if (!is_object(x)) return undefined;
    const fits = ((): boolean => {
        switch (x["kind"]) {
            case "ready":
                return is_count(x["abi"]);
            case "answer":
                return is_count(x["n"]) && is_answer(x["answer"]);
            case "step":
                return is_count(x["n"]) && is_count(x["done"]) && is_count(x["of"]);
            case "changed":
                return is_count(x["circle"]) && is_count(x["rev"]);
            case "state":
                return LIVES.has(x["live"]);
            case "broken":
                return typeof x["where"] === "string";
            default:
                return false;
        }
    })();
    return fits ? (x as ToPage) : undefined;
}
