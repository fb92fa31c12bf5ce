import type { ComponentChildren } from "preact";
import "./part.css";

/** Something worth knowing, said once and calmly. */
export function Notice({ children }: { readonly children: ComponentChildren }) {
    return <div class="notice">{children}</div>;
}
