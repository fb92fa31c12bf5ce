import type { ComponentChildren } from "preact";
import type { Why } from "../../../link/contract";
import { words } from "../../speech";
import "./part.css";

/** What did not go through: what happened, that nothing was lost, what to do. Spoken as soon as it appears. */
export function Refusal({ why, children }: { readonly why: Why; readonly children?: ComponentChildren }) {
    const { happened, kept, next } = words.refusals[why.code];
    return (
        <div class="refusal" role="alert">
            <p class="happened">{happened}</p>
            <p>
                {kept} {next}
            </p>
            {children}
        </div>
    );
}
