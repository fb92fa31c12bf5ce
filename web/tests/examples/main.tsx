/**
 * main.tsx -- every example of every part, one at a time (#part/example), or all of one part (#part).
 *
 * Built for the tests only. The list of all of them is left in `examples`, for who drives the browser.
 */
import { signal } from "@preact/signals";
import { render } from "preact";
import "./examples.css";
import type { Examples } from "../../src/page/parts/examples";

const found = import.meta.glob<{ examples: Examples }>("../../src/page/parts/*/part.examples.tsx", { eager: true });
const parts = new Map(Object.entries(found).map(([path, module]) => [path.split("/").at(-2) ?? path, module.examples]));

/** An example that is a whole page or lies over one: it is shown without anything around it. */
const is_whole = (name: string): boolean => name.startsWith("over the page");

const at = signal(decodeURIComponent(location.hash.slice(1)));
addEventListener("hashchange", () => {
    at.value = decodeURIComponent(location.hash.slice(1));
});

function Shown() {
    const slash = at.value.indexOf("/");
    const part = slash < 0 ? at.value : at.value.slice(0, slash);
    const wanted = slash < 0 ? undefined : at.value.slice(slash + 1);
    const examples = Object.entries(parts.get(part) ?? {}).filter(([name]) => wanted === undefined || name === wanted);
    const only = examples.length === 1 ? examples[0] : undefined;
    if (only && is_whole(only[0])) {
        const Whole = only[1];
        return part === "shell" ? (
            <Whole key={at.value} />
        ) : (
            <main class="examples">
                <h1>{part}</h1>
                <Whole key={at.value} />
            </main>
        );
    }
    return (
        <main class="examples" key={at.value}>
            <h1>{part}</h1>
            {examples.map(([name, Example]) =>
                is_whole(name) ? null : (
                    <div key={name} class="example" data-name={name}>
                        <Example />
                    </div>
                ),
            )}
        </main>
    );
}

const root = document.getElementById("app");
if (root) render(<Shown />, root);
Object.assign(globalThis, {
    examples: [...parts].flatMap(([part, examples]) => Object.keys(examples).map((name) => `${part}/${name}`)),
});
