import type { ComponentChildren } from "preact";
import "./part.css";

/** What can be done here, side by side where there is room. The main act comes first and takes what is left. */
export function Acts({ children }: { readonly children: ComponentChildren }) {
    return <div class="acts">{children}</div>;
}
