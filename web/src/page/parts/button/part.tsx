import type { ComponentChildren } from "preact";
import "./part.css";

export interface ButtonProps {
    /** The act, as a person would say it: "Keep my word: done". */
    readonly children: ComponentChildren;
    /** One main act in a card or a form; the honest alternatives beside it are plain, what leads away is quiet. */
    readonly kind?: "main" | "plain" | "quiet";
    /** Under way. It stays where it is and keeps the focus, and doing it twice does nothing. */
    readonly is_busy?: boolean;
    readonly type?: "button" | "submit";
    readonly onAct?: () => void;
}

export function Button({ children, kind = "plain", is_busy = false, type = "button", onAct }: ButtonProps) {
    const act = (event: Event): void => {
        if (is_busy) event.preventDefault();
        else onAct?.();
    };
    return (
        <button class="button" data-kind={kind} type={type} aria-disabled={is_busy ? "true" : undefined} onClick={act}>
            {children}
        </button>
    );
}
