/**
 * link.ts -- asks a worker, and gets exactly one answer to each question, whatever becomes of the worker.
 *
 * Knows neither page nor worker: a port of three functions stands for the other side, a fourth for the clock.
 */
import type { Answer, CallList, Live, Name, Signal, ToPage, ToWorker } from "./contract";
import { refused } from "./contract";
import { read_to_page } from "./to-page";

/** The other side. `hear` is called once; after `end` nothing more is heard. */
export interface Port {
    post(message: unknown, transfer: readonly ArrayBuffer[]): void;
    hear(message: (data: unknown) => void, fault: (where: string) => void): void;
    end(): void;
}

/** What comes unasked. Each is called between two messages, never from within `ask`. */
export interface Told {
    changed(circle: number, rev: number): void;
    live(live: Live): void;
    /** This link is over, and all that was asked was answered "broken" or "page_old" before. Called at most once. */
    over(why: "broken" | "page_old", where: string): void;
}

/** Calls `act` once after a while, unless what it gave back was called before. */
export type After = (ms: number, act: () => void) => () => void;

export interface Options {
    /** Leaving a screen aborts what the screen asked. */
    readonly signal?: Signal;
    /** Moved, not copied: the page cannot read them afterwards. */
    readonly transfer?: readonly ArrayBuffer[];
    readonly step?: (done: number, of: number) => void;
}

export interface Link<C extends CallList> {
    /** Settles once, and never rejects. Questions are put in the order in which they were asked. */
    ask<K extends Name<C>>(name: K, takes: C[K]["takes"], options?: Options): Promise<Answer<C[K]["gives"]>>;
    /** Ends the worker, and with it the keys that it holds. What was asked is answered "dropped". `over` is not called. */
    end(): void;
}

/** A worker that did not say within this time that it is there will not come any more. */
export const READY_WITHIN_MS = 20_000;

interface Open {
    readonly settle: (answer: Answer<unknown>) => void;
    readonly step: Options["step"];
}

/** link_open -- a link over a fresh port. `abi` is what the worker has to say when it is ready. */
export function link_open<C extends CallList>(port: Port, abi: number, told: Told, after: After): Link<C> {
    const open = new Map<number, Open>();
    let early: { message: ToWorker<C>; transfer: readonly ArrayBuffer[] }[] = [];
    let is: "starting" | "ready" | "broken" | "page_old" | "ended" = "starting";
    let asked_n = 0;

    const close = (into: "broken" | "page_old" | "ended"): void => {
        is = into;
        early = [];
        stop_waiting();
        port.end();
        const left = [...open.values()];
        open.clear();
        for (const request of left) request.settle(refused(into === "ended" ? "dropped" : into));
    };
    const fail = (why: "broken" | "page_old", where: string): void => {
        if (is !== "starting" && is !== "ready") return;
        close(why);
        told.over(why, where);
    };
    const post = (message: ToWorker<C>, transfer: readonly ArrayBuffer[]): void => {
        try {
            port.post(message, transfer);
        } catch (error) {
            // A message that cannot be copied is a bug of ours; waiting for an answer to it would be another.
            fail("broken", `post ${message.kind}: ${String(error)}`);
        }
    };
    const ready = (said: number): void => {
        if (is === "ready") return fail("broken", "ready twice");
        if (said !== abi) return fail("page_old", `abi ${said}, expected ${abi}`);
        is = "ready";
        stop_waiting();
        const waiting = early;
        early = [];
        for (const one of waiting) post(one.message, one.transfer);
    };
    const act_on = (message: ToPage): void => {
        if (message.kind === "ready") return ready(message.abi);
        if (message.kind === "broken") return fail("broken", message.where);
        if (is !== "ready") return fail("broken", `${message.kind} before ready`);
        switch (message.kind) {
            case "answer": {
                const request = open.get(message.n);
                if (request) {
                    open.delete(message.n);
                    request.settle(message.answer);
                } else if (message.n === 0 || message.n > asked_n) {
                    fail("broken", `answer to ${message.n}, which nobody asked`);
                }
                return; // else it is late: it was dropped before it could be answered
            }
            case "step":
                return open.get(message.n)?.step?.(message.done, message.of);
            case "changed":
                return told.changed(message.circle, message.rev);
            case "state":
                return told.live(message.live);
        }
    };

    const stop_waiting = after(READY_WITHIN_MS, () => fail("broken", "not ready in time"));
    port.hear(
        (data) => {
            if (is !== "starting" && is !== "ready") return;
            const message = read_to_page(data);
            if (message) act_on(message);
            else fail("broken", "a message of no known form");
        },
        (where) => fail("broken", where),
    );

    return {
        ask(name, takes, options = {}) {
            const { signal, transfer = [], step } = options;
            if (is === "broken" || is === "page_old") return Promise.resolve(refused(is));
            if (is === "ended" || signal?.aborted) return Promise.resolve(refused("dropped"));
            const n = ++asked_n;
            return new Promise((resolve) => {
                const drop = (): void => {
                    if (!open.delete(n)) return;
                    const was_early = early.length;
                    early = early.filter((one) => one.message.n !== n);
                    resolve(refused("dropped"));
                    if (is === "ready" && early.length === was_early) post({ kind: "drop", n }, []);
                };
                const settle = (answer: Answer<unknown>): void => {
                    signal?.removeEventListener("abort", drop);
                    resolve(answer as Awaited<ReturnType<Link<C>["ask"]>>);
                };
                signal?.addEventListener("abort", drop, { once: true });
                open.set(n, { settle, step });
                const message = { kind: "ask", n, name, takes } as ToWorker<C>;
                if (is === "ready") post(message, transfer);
                else early.push({ message, transfer });
            });
        },
        end() {
            if (is === "starting" || is === "ready") close("ended");
        },
    };
}
