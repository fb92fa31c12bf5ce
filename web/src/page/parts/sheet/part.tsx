import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { words } from "../../speech";
import "./part.css";

export interface SheetProps {
    readonly title: string;
    readonly children: ComponentChildren;
    /** What its last button says, if closing it is an answer: "Not now". */
    readonly close?: string;
    /** Closed by its button, by Escape, or by a touch beside it. The caller takes it away. */
    readonly onClose: () => void;
}

/** Comes from below on a phone, stands in the middle elsewhere. Focus stays within, and goes back where it was. */
export function Sheet({ title, children, close = words.parts.sheet.close, onClose }: SheetProps) {
    const dialog = useRef<HTMLDialogElement>(null);
    const heading = useRef<HTMLHeadingElement>(null);
    const id = useId();
    useLayoutEffect(() => {
        const shown = dialog.current;
        const before = document.activeElement;
        shown?.showModal();
        // By itself the first button would have the focus, and Enter would do what was not read yet.
        heading.current?.focus();
        return () => {
            shown?.close();
            if (before instanceof HTMLElement) before.focus();
        };
    }, []);
    return (
        // biome-ignore lint/a11y/useKeyWithClickEvents: Escape is the dialog's own, and comes as onCancel
        <dialog
            class="sheet"
            ref={dialog}
            aria-labelledby={id}
            onCancel={(event) => {
                event.preventDefault();
                onClose();
            }}
            onClick={(event) => {
                if (event.target === dialog.current) onClose();
            }}
        >
            <div class="inside">
                <h2 id={id} ref={heading} tabIndex={-1}>
                    {title}
                </h2>
                {children}
                <button class="button" data-kind="quiet" type="button" onClick={onClose}>
                    {close}
                </button>
            </div>
        </dialog>
    );
}
