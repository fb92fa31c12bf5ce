import { expect, test } from "vitest";
import { type Answer, type Handlers, type Job, refused, taken } from "../../src/link/contract";
import { link_open } from "../../src/link/link";
import { serve } from "../../src/worker/serve";
import { clock, pair, settled } from "./ports";

type Calls = {
    act: { takes: { circle: number; what: string }; gives: { rev: number } };
    read: { takes: { circle: number }; gives: { log: string } };
    bytes: { takes: Record<string, never>; gives: { bytes: ArrayBuffer } };
};

interface Gate {
    readonly what: string;
    readonly job: Job;
    readonly pass: () => void;
}

function bench() {
    const over: string[] = [];
    const ports = pair();
    const told = {
        changed: () => {},
        live: () => {},
        over: (why: string, where: string) => over.push(`${why}: ${where}`),
    };
    const link = link_open<Calls>(ports.page, 1, told, clock().after);
    const served = serve<Calls>(ports.worker, 1);
    const log: string[] = [];
    const gates: Gate[] = [];
    const kept = new ArrayBuffer(16);
    const handlers: Handlers<Calls> = {
        act: ({ what }, job) =>
            new Promise<Answer<{ rev: number }>>((go) => {
                log.push(`begin ${what}`);
                const pass = (): void => {
                    log.push(`end ${what}`);
                    go(taken({ rev: log.length }));
                };
                gates.push({ what, job, pass });
            }),
        read: async () => taken({ log: log.join(", ") }),
        bytes: async () => taken({ bytes: kept }),
    };
    return { ...ports, link, served, handlers, log, gates, over, kept };
}

test("what was asked before the handlers were there is done when they are", async () => {
    const b = bench();
    const asked = b.link.ask("read", { circle: 1 });
    await settled();
    b.served.open(b.handlers);
    expect(await asked).toEqual(taken({ log: "" }));
});

test("acts of one circle run one after the other, and a read sees those asked before it", async () => {
    const b = bench();
    b.served.open(b.handlers);
    void b.link.ask("act", { circle: 1, what: "a" });
    void b.link.ask("act", { circle: 1, what: "b" });
    const read = b.link.ask("read", { circle: 1 });
    await settled();
    expect(b.log).toEqual(["begin a"]);
    b.gates[0]?.pass();
    await settled();
    b.gates[1]?.pass();
    expect(await read).toEqual(taken({ log: "begin a, end a, begin b, end b" }));
});

test("another circle is not held up", async () => {
    const b = bench();
    b.served.open(b.handlers);
    void b.link.ask("act", { circle: 1, what: "long" });
    expect((await b.link.ask("read", { circle: 2 })).ok).toBe(true);
});

test("a dropped job that waits is never begun, and the next one is", async () => {
    const b = bench();
    b.served.open(b.handlers);
    const leave = new AbortController();
    void b.link.ask("act", { circle: 1, what: "a" });
    void b.link.ask("act", { circle: 1, what: "b" }, { signal: leave.signal });
    void b.link.ask("act", { circle: 1, what: "c" });
    await settled();
    leave.abort();
    await settled();
    b.gates[0]?.pass();
    await settled();
    expect(b.log).toEqual(["begin a", "end a", "begin c"]);
});

test("a dropped job that runs sees its signal, and its answer stays unsaid", async () => {
    const b = bench();
    b.served.open(b.handlers);
    const leave = new AbortController();
    const asked = b.link.ask("act", { circle: 1, what: "a" }, { signal: leave.signal });
    await settled();
    leave.abort();
    await settled();
    expect(b.gates[0]?.job.signal.aborted).toBe(true);
    b.gates[0]?.job.step(1, 2);
    b.gates[0]?.pass();
    expect(await asked).toEqual(refused("dropped"));
    await settled();
    expect(b.over).toEqual([]);
});

test("a handler that throws breaks the worker, and everybody hears of it", async () => {
    const b = bench();
    b.served.open({ ...b.handlers, read: () => Promise.reject(new Error("trap")) });
    const running = b.link.ask("act", { circle: 2, what: "a" });
    const asked = b.link.ask("read", { circle: 1 });
    expect(await asked).toEqual(refused("broken"));
    expect(await running).toEqual(refused("broken"));
    expect(b.over).toEqual(["broken: read: Error: trap"]);
    expect(b.gates[0]?.job.signal.aborted).toBe(true);
});

test("a call that nobody knows breaks the worker, before and after the handlers came", async () => {
    for (const is_early of [true, false]) {
        const b = bench();
        if (!is_early) b.served.open(b.handlers);
        const asked = b.link.ask("toString" as "read", { circle: 1 });
        await settled();
        if (is_early) b.served.open(b.handlers);
        expect(await asked).toEqual(refused("broken"));
        expect(b.over).toEqual(["broken: nobody knows toString"]);
    }
});

test("a message of no known form breaks the worker", async () => {
    for (const message of [
        1,
        null,
        {},
        { kind: "ask", n: 1, name: "read" },
        { kind: "drop" },
        { kind: "eval", n: 1 },
    ]) {
        const b = bench();
        b.served.open(b.handlers);
        b.page.post(message, []);
        await settled();
        expect(b.over).toEqual(["broken: a message of no known form"]);
    }
});

test("bytes are given away, not copied", async () => {
    const b = bench();
    b.served.open(b.handlers);
    const answer = await b.link.ask("bytes", {});
    expect(answer.ok && answer.value.bytes.byteLength).toBe(16);
    expect(b.kept.byteLength).toBe(0);
});

test("a worker that failed to start says so", async () => {
    const b = bench();
    const asked = b.link.ask("read", { circle: 1 });
    b.served.fail("the core could not be compiled");
    b.served.open(b.handlers);
    expect(await asked).toEqual(refused("broken"));
    expect(b.over).toEqual(["broken: the core could not be compiled"]);
});
