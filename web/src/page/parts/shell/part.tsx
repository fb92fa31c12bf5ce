import type { ComponentChildren, JSX } from "preact";
import "./part.css";

export interface ShellProps {
    readonly title: string;
    /** One step up: "Promises". Then the title is read by those who hear the page, and the screen shows its own. */
    readonly up?: { readonly href: string; readonly label: string };
    /** Lock and quick exit. */
    readonly ways_out: ComponentChildren;
    readonly bar?: JSX.Element;
    readonly children: ComponentChildren;
}

/** What is around every screen: a head with the way out, the screen itself, and the bar. */
export function Shell({ title, up, ways_out, bar, children }: ShellProps) {
    return (
        <div class="shell" data-bar={bar ? "" : undefined}>
            <header class="top">
                {up ? (
                    <>
                        <a class="up" href={up.href}>
                            <span aria-hidden="true">‹ </span>
                            {up.label}
                        </a>
                        <h1 class="unseen" tabIndex={-1}>
                            {title}
                        </h1>
                    </>
                ) : (
                    <h1 tabIndex={-1}>{title}</h1>
                )}
                <div class="ways-out">{ways_out}</div>
            </header>
            <main>{children}</main>
            {bar}
        </div>
    );
}
