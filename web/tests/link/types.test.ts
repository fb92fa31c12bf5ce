import { expectTypeOf, test } from "vitest";
import type { Answer, Calls, Handlers, Keeping } from "../../src/link/contract";
import type { Link } from "../../src/link/link";

type Two = {
    one: { takes: { circle: number }; gives: { rev: number } };
    two: { takes: { words: string }; gives: { sent: boolean } };
};

test("a call has the types of its row, and no other", () => {
    type Ask = Link<Two>["ask"];
    expectTypeOf<ReturnType<Link<Calls>["ask"]>>().toExtend<Promise<Answer<Keeping>>>();
    const asks = (ask: Ask): void => {
        expectTypeOf(ask("one", { circle: 1 })).toEqualTypeOf<Promise<Answer<{ rev: number }>>>();
        expectTypeOf(ask("two", { words: "" })).toEqualTypeOf<Promise<Answer<{ sent: boolean }>>>();
        // @ts-expect-error another call's request
        void ask("one", { words: "" });
        // @ts-expect-error no such call
        void ask("three", {});
        // @ts-expect-error an answer is looked at before it is used
        void ask("one", { circle: 1 }).then((answer) => answer.value);
    };
    expectTypeOf(asks).toBeFunction();
});

test("a call without a handler does not compile", () => {
    // @ts-expect-error "two" has none
    const handlers: Handlers<Two> = { one: async () => ({ ok: true, value: { rev: 1 } }) };
    expectTypeOf(handlers).toBeObject();
});
