/**
 * core.ts -- the link to the worker, and a new worker when one broke.
 */
import { signal } from "@preact/signals";
import { ABI, type Calls, type Live } from "../link/contract";
import { type After, type Link, link_open, type Port } from "../link/link";
import { start_worker } from "./trusted";

/** What the page knows of the worker as a whole. */
export const live = signal<Live>("away");
/** "again": it broke and was started anew. "gone": it breaks every time. "page_old": this page is. */
export const condition = signal<"well" | "again" | "gone" | "page_old">("well");

/** A worker that breaks so often will break again: starting it for ever would only drain the battery. */
const STARTS_MAX = 3;
const STARTS_WITHIN_MS = 60_000;

const after: After = (ms, act) => {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
};

function port_of(worker: Worker): Port {
    return {
        post: (message, transfer) => worker.postMessage(message, [...transfer]),
        hear(message, fault) {
            worker.onmessage = (event) => message(event.data);
            worker.onmessageerror = () => fault("a message that cannot be read");
            worker.onerror = (event) => {
                event.preventDefault();
                fault(event.message || "the worker did not start");
            };
        },
        end() {
            worker.onmessage = worker.onmessageerror = worker.onerror = null;
            worker.terminate();
        },
    };
}

/** Numbers of the newest state of each circle, as the worker tells them. Views read again when theirs moves. */
export const revs = signal<ReadonlyMap<number, number>>(new Map());

let starts: number[] = [];
let link = start();

function start(): Link<Calls> {
    starts = [...starts.filter((at) => performance.now() - at < STARTS_WITHIN_MS), performance.now()];
    return link_open<Calls>(
        port_of(start_worker()),
        ABI,
        {
            changed(circle, rev) {
                revs.value = new Map(revs.peek()).set(circle, rev);
            },
            live(now) {
                live.value = now;
            },
            over(why) {
                live.value = "away";
                if (why === "page_old") condition.value = "page_old";
                else if (starts.length >= STARTS_MAX) condition.value = "gone";
                else {
                    condition.value = "again";
                    link = start();
                }
            },
        },
        after,
    );
}

/** ask -- see Link.ask. */
export const ask: Link<Calls>["ask"] = (name, takes, options) => link.ask(name, takes, options);

/** lock -- the worker ends, and the keys with it. The next one knows nothing until it is given the passphrase. */
export function lock(): void {
    link.end();
    starts = [];
    link = start();
}

/** end -- the same without a next one: the page is being left. */
export function end(): void {
    link.end();
}
