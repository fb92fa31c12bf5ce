import { describe, expect, test } from "vitest";
import { refused, taken } from "../../src/link/contract";
import { type Link, link_open, READY_WITHIN_MS, type Told } from "../../src/link/link";
import { type Clock, clock, type Pair, pair, settled } from "./ports";

type Calls = {
    "promise.keep": { takes: { circle: number }; gives: { rev: number } };
    "today.read": { takes: { circle: number; photo?: ArrayBuffer }; gives: { rev: number } };
};

interface Bench extends Pair {
    readonly link: Link<Calls>;
    readonly clock: Clock;
    readonly told: string[];
}

function bench(): Bench {
    const told: string[] = [];
    const on: Told = {
        changed: (circle, rev) => told.push(`changed ${circle} ${rev}`),
        live: (live) => told.push(live),
        over: (why) => told.push(why),
    };
    const ports = pair();
    const time = clock();
    return { ...ports, clock: time, told, link: link_open<Calls>(ports.page, 7, on, time.after) };
}

async function ready(): Promise<Bench> {
    const b = bench();
    b.say({ kind: "ready", abi: 7 });
    await settled();
    return b;
}

const answer = (n: number, rev: number): unknown => ({ kind: "answer", n, answer: taken({ rev }) });

describe("asking", () => {
    test("nothing is sent before the worker is ready, then all of it in order", async () => {
        const b = bench();
        void b.link.ask("promise.keep", { circle: 1 });
        void b.link.ask("today.read", { circle: 1 });
        await settled();
        expect(b.sent).toEqual([]);
        b.say({ kind: "ready", abi: 7 });
        await settled();
        expect(b.sent).toEqual([
            { kind: "ask", n: 1, name: "promise.keep", takes: { circle: 1 } },
            { kind: "ask", n: 2, name: "today.read", takes: { circle: 1 } },
        ]);
    });

    test("each answer finds its question, whatever the order", async () => {
        const b = await ready();
        const first = b.link.ask("today.read", { circle: 1 });
        const second = b.link.ask("today.read", { circle: 2 });
        b.say(answer(2, 20));
        b.say(answer(1, 10));
        expect(await first).toEqual(taken({ rev: 10 }));
        expect(await second).toEqual(taken({ rev: 20 }));
    });

    test("a refusal is an answer, not an exception", async () => {
        const b = await ready();
        const asked = b.link.ask("promise.keep", { circle: 1 });
        b.say({ kind: "answer", n: 1, answer: refused("head_moved") });
        expect(await asked).toEqual({ ok: false, why: { code: "head_moved" } });
    });

    test("bytes are moved, and the page cannot read them any more", async () => {
        const b = await ready();
        const photo = new ArrayBuffer(8);
        void b.link.ask("today.read", { circle: 1, photo }, { transfer: [photo] });
        await settled();
        expect(photo.byteLength).toBe(0);
    });

    test("steps reach who asked, and only them", async () => {
        const b = await ready();
        const steps: string[] = [];
        void b.link.ask("today.read", { circle: 1 }, { step: (done, of) => steps.push(`${done}/${of}`) });
        void b.link.ask("today.read", { circle: 2 });
        b.say({ kind: "step", n: 1, done: 3, of: 9 });
        b.say({ kind: "step", n: 2, done: 5, of: 9 });
        await settled();
        expect(steps).toEqual(["3/9"]);
    });

    test("what comes unasked is told", async () => {
        const b = await ready();
        b.say({ kind: "changed", circle: 4, rev: 12 });
        b.say({ kind: "state", live: "away" });
        await settled();
        expect(b.told).toEqual(["changed 4 12", "away"]);
    });
});

describe("dropping", () => {
    test("settles at once, tells the worker, and ignores the late answer", async () => {
        const b = await ready();
        const leave = new AbortController();
        const asked = b.link.ask("today.read", { circle: 1 }, { signal: leave.signal });
        leave.abort();
        expect(await asked).toEqual(refused("dropped"));
        await settled();
        expect(b.sent.at(-1)).toEqual({ kind: "drop", n: 1 });
        b.say(answer(1, 10));
        await settled();
        expect(b.told).toEqual([]);
        const next = b.link.ask("today.read", { circle: 1 });
        b.say(answer(2, 11));
        expect(await next).toEqual(taken({ rev: 11 }));
    });

    test("before the worker is ready, the question is never sent", async () => {
        const b = bench();
        const leave = new AbortController();
        const asked = b.link.ask("today.read", { circle: 1 }, { signal: leave.signal });
        leave.abort();
        expect(await asked).toEqual(refused("dropped"));
        b.say({ kind: "ready", abi: 7 });
        await settled();
        expect(b.sent).toEqual([]);
    });

    test("with a signal that was aborted before, nothing is asked", async () => {
        const b = await ready();
        expect(await b.link.ask("today.read", { circle: 1 }, { signal: AbortSignal.abort() })).toEqual(
            refused("dropped"),
        );
        await settled();
        expect(b.sent).toEqual([]);
    });

    test("an abort after the answer is nothing", async () => {
        const b = await ready();
        const leave = new AbortController();
        const asked = b.link.ask("today.read", { circle: 1 }, { signal: leave.signal });
        b.say(answer(1, 10));
        await asked;
        leave.abort();
        await settled();
        expect(b.sent).toHaveLength(1);
    });
});

describe("nobody waits for ever", () => {
    const faults: [string, (b: Bench) => void][] = [
        ["the worker dies", (b) => b.die("error")],
        ["the worker says that it is broken", (b) => b.say({ kind: "broken", where: "trap" })],
        ["a message without form", (b) => b.say("hello")],
        ["a message of an unknown kind", (b) => b.say({ kind: "run", code: "alert(1)" })],
        ["an answer without a verdict", (b) => b.say({ kind: "answer", n: 1, answer: {} })],
        ["a refusal without a code", (b) => b.say({ kind: "answer", n: 1, answer: { ok: false, why: {} } })],
        ["an answer to what nobody asked", (b) => b.say(answer(9, 1))],
        ["an answer to question 0", (b) => b.say(answer(0, 1))],
        ["a second ready", (b) => b.say({ kind: "ready", abi: 7 })],
        ["a state that there is not", (b) => b.say({ kind: "state", live: "great" })],
    ];
    for (const [name, fault] of faults) {
        test(`${name}: all open questions are answered, later ones at once, and it is told once`, async () => {
            const b = await ready();
            const first = b.link.ask("today.read", { circle: 1 });
            const second = b.link.ask("promise.keep", { circle: 1 });
            fault(b);
            expect(await first).toEqual(refused("broken"));
            expect(await second).toEqual(refused("broken"));
            expect(await b.link.ask("today.read", { circle: 1 })).toEqual(refused("broken"));
            b.die("and again");
            await settled();
            expect(b.told).toEqual(["broken"]);
            expect(b.ended()).toBe(true);
        });
    }

    test("an answer before ready is a fault", async () => {
        const b = bench();
        const asked = b.link.ask("today.read", { circle: 1 });
        b.say(answer(1, 1));
        expect(await asked).toEqual(refused("broken"));
    });

    test("a worker that never comes", async () => {
        const b = bench();
        const asked = b.link.ask("today.read", { circle: 1 });
        b.clock.go(READY_WITHIN_MS - 1);
        await settled();
        expect(b.told).toEqual([]);
        b.clock.go(1);
        expect(await asked).toEqual(refused("broken"));
    });

    test("a worker that came is not waited for any more", async () => {
        const b = await ready();
        b.clock.go(READY_WITHIN_MS * 10);
        expect(b.told).toEqual([]);
    });

    test("an old page that meets a new worker is told so", async () => {
        const b = bench();
        const asked = b.link.ask("today.read", { circle: 1 });
        b.say({ kind: "ready", abi: 8 });
        expect(await asked).toEqual(refused("page_old"));
        expect(b.told).toEqual(["page_old"]);
        expect(b.sent).toEqual([]);
    });

    test("what cannot be copied ends the link instead of waiting", async () => {
        const b = await ready();
        const takes = { circle: 1, act: () => 1 };
        expect(await b.link.ask("promise.keep", takes)).toEqual(refused("broken"));
        expect(b.told).toEqual(["broken"]);
    });

    test("locking ends the worker and drops what was asked, without a fault", async () => {
        const b = await ready();
        const asked = b.link.ask("today.read", { circle: 1 });
        b.link.end();
        expect(await asked).toEqual(refused("dropped"));
        expect(await b.link.ask("today.read", { circle: 1 })).toEqual(refused("dropped"));
        expect(b.ended()).toBe(true);
        expect(b.told).toEqual([]);
    });
});
