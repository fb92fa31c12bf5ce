/**
 * serve.ts -- the worker's end of the link: listens first, queues, hands out, and says when it is broken.
 *
 * One lane for each circle (and one for what belongs to none): in a lane one job runs after the other, in the
 * order asked. So a read sees every act that was asked before it, and long work on one circle holds up no other.
 */
import type { Answer, CallList, Handlers, Name, ToPage, ToWorker } from "../link/contract";

/** The page's side, as the worker sees it. */
export interface Outlet {
    post(message: ToPage, transfer: readonly ArrayBuffer[]): void;
    hear(message: (data: unknown) => void): void;
}

export interface Served<C extends CallList> {
    /** The handlers are there: says `ready`, and begins with what was asked meanwhile. */
    open(handlers: Handlers<C>): void;
    /** Nothing can be relied on any more: says so, and does nothing from now on. */
    fail(where: string): void;
    tell(message: Extract<ToPage, { kind: "changed" | "state" }>): void;
}

interface Waiting<C extends CallList> {
    readonly ask: Extract<ToWorker<C>, { kind: "ask" }>;
    readonly abort: AbortController;
}

function lane_of(takes: object): number {
    const circle = (takes as { circle?: unknown }).circle;
    return typeof circle === "number" ? circle : -1;
}

/** Bytes that an answer gives away: they are moved to the page, because a copy would be made only to be forgotten. */
function buffers_in(answer: Answer<unknown>): ArrayBuffer[] {
    if (!answer.ok || typeof answer.value !== "object" || answer.value === null) return [];
    return Object.values(answer.value).filter((x): x is ArrayBuffer => x instanceof ArrayBuffer);
}

function read_to_worker<C extends CallList>(x: unknown): ToWorker<C> | undefined {
    if (typeof x !== "object" || x === null) return undefined;
    const m = x as Record<string, unknown>;
    if (typeof m["n"] !== "number") return undefined;
    if (m["kind"] === "drop") return m as ToWorker<C>;
    const is_ask =
        m["kind"] === "ask" && typeof m["name"] === "string" && typeof m["takes"] === "object" && m["takes"] !== null;
    return is_ask ? (m as ToWorker<C>) : undefined;
}

/** serve -- listens from now on. To be called in the first statement of a worker, before anything is awaited. */
export function serve<C extends CallList>(outlet: Outlet, abi: number): Served<C> {
    const lanes = new Map<number, Waiting<C>[]>();
    const jobs = new Map<number, AbortController>();
    let handlers: Handlers<C> | undefined;
    let is_broken = false;

    const fail = (where: string): void => {
        if (is_broken) return;
        is_broken = true;
        lanes.clear();
        for (const abort of jobs.values()) abort.abort();
        outlet.post({ kind: "broken", where }, []);
    };

    const run_one = async (hands: Handlers<C>, { ask, abort }: Waiting<C>): Promise<void> => {
        const { n, name, takes } = ask;
        if (abort.signal.aborted) return;
        const step = (done: number, of: number): void => {
            if (!is_broken && !abort.signal.aborted) outlet.post({ kind: "step", n, done, of }, []);
        };
        const answer = await hands[name as Name<C>](takes, { signal: abort.signal, step });
        if (!is_broken && !abort.signal.aborted) outlet.post({ kind: "answer", n, answer }, buffers_in(answer));
    };

    const run_lane = async (hands: Handlers<C>, lane: number, waiting: Waiting<C>[]): Promise<void> => {
        for (let next = waiting[0]; next && !is_broken; next = waiting[0]) {
            try {
                await run_one(hands, next);
            } catch (error) {
                fail(`${next.ask.name}: ${String(error)}`);
            }
            jobs.delete(next.ask.n);
            waiting.shift();
        }
        lanes.delete(lane);
    };

    const take = (ask: Waiting<C>["ask"]): void => {
        if (handlers && !Object.hasOwn(handlers, ask.name)) return fail(`nobody knows ${ask.name}`);
        const lane = lane_of(ask.takes);
        const abort = new AbortController();
        jobs.set(ask.n, abort);
        const waiting = lanes.get(lane) ?? [];
        waiting.push({ ask, abort });
        lanes.set(lane, waiting);
        if (handlers && waiting.length === 1) void run_lane(handlers, lane, waiting);
    };

    outlet.hear((data) => {
        if (is_broken) return;
        const message = read_to_worker<C>(data);
        if (!message) fail("a message of no known form");
        else if (message.kind === "ask") take(message);
        else jobs.get(message.n)?.abort();
    });

    return {
        open(given) {
            if (is_broken || handlers) return;
            handlers = given;
            outlet.post({ kind: "ready", abi }, []);
            for (const [lane, waiting] of [...lanes]) {
                const stranger = waiting.find(({ ask }) => !Object.hasOwn(given, ask.name));
                if (stranger) return fail(`nobody knows ${stranger.ask.name}`);
                void run_lane(given, lane, waiting);
            }
        },
        fail,
        tell(message) {
            if (!is_broken) outlet.post(message, []);
        },
    };
}
