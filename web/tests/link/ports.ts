/**
 * ports.ts -- two ends that speak with each other in memory, and a clock that goes only when told to.
 *
 * A message arrives in a later turn and is a structured clone, as between a page and its worker.
 */
import type { After, Port } from "../../src/link/link";
import type { Outlet } from "../../src/worker/serve";

export interface Pair {
    readonly page: Port;
    readonly worker: Outlet;
    /** What the page sent, as it arrived. */
    readonly sent: unknown[];
    /** The worker says something, in whatever form. */
    say(data: unknown): void;
    /** The browser says that the worker is no more. */
    die(where: string): void;
    ended(): boolean;
}

export function pair(): Pair {
    let to_worker: ((data: unknown) => void) | undefined;
    let to_page: ((data: unknown) => void) | undefined;
    let fault: ((where: string) => void) | undefined;
    let is_ended = false;
    const sent: unknown[] = [];
    const later = (act: () => void): void => {
        setTimeout(act, 0);
    };
    const say = (data: unknown): void => later(() => !is_ended && to_page?.(data));
    return {
        sent,
        say,
        die: (where) => later(() => !is_ended && fault?.(where)),
        ended: () => is_ended,
        page: {
            post(message, transfer) {
                const copy: unknown = structuredClone(message, { transfer: [...transfer] });
                later(() => {
                    if (is_ended) return;
                    sent.push(copy);
                    to_worker?.(copy);
                });
            },
            hear(on_message, on_fault) {
                to_page = on_message;
                fault = on_fault;
            },
            end() {
                is_ended = true;
            },
        },
        worker: {
            post: (message, transfer) => say(structuredClone(message, { transfer: [...transfer] })),
            hear(on_message) {
                to_worker = on_message;
            },
        },
    };
}

/** All messages that are under way, and those that they lead to, have arrived. */
export const settled = async (): Promise<void> => {
    for (let turn = 0; turn < 12; turn++) await new Promise((go) => setTimeout(go, 0));
};

export interface Clock {
    readonly after: After;
    go(ms: number): void;
}

export function clock(): Clock {
    let now = 0;
    let alarms: { at: number; act: () => void }[] = [];
    return {
        after(ms, act) {
            const alarm = { at: now + ms, act };
            alarms.push(alarm);
            return () => {
                alarms = alarms.filter((one) => one !== alarm);
            };
        },
        go(ms) {
            now += ms;
            const due = alarms.filter((one) => one.at <= now);
            alarms = alarms.filter((one) => one.at > now);
            for (const one of due) one.act();
        },
    };
}
