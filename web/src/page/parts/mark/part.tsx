import { words } from "../../speech";
import "./part.css";

/** Who will be able to read what stands here. */
export type Reach =
    | { readonly is: "only_you" }
    | { readonly is: "sealed"; readonly people_n: number }
    | { readonly is: "shared"; readonly names: readonly string[] };

export function reach_words(reach: Reach): string {
    switch (reach.is) {
        case "only_you":
            return words.parts.mark.only_you;
        case "sealed":
            return reach.people_n > 2 ? words.parts.mark.sealed_all : words.parts.mark.sealed;
        case "shared":
            return words.parts.mark.shared(reach.names);
    }
}

function Sign({ of }: { readonly of: Reach["is"] }) {
    return (
        <svg class="sign" viewBox="0 0 18 18" aria-hidden="true">
            {of === "only_you" && <circle cx="9" cy="9" r="4.5" />}
            {of === "sealed" && <path d="M2.5 4.5h13v9h-13zM2.5 5l6.5 5 6.5-5" />}
            {of === "shared" && (
                <>
                    <circle cx="6.4" cy="9" r="4.4" />
                    <circle cx="11.6" cy="9" r="4.4" />
                </>
            )}
        </svg>
    );
}

/** The same mark everywhere, and always with its words. */
export function Mark({ reach, id }: { readonly reach: Reach; readonly id?: string }) {
    return (
        <span class="mark" id={id}>
            <Sign of={reach.is} />
            {reach_words(reach)}
        </span>
    );
}
