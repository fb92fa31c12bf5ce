import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Squares } from "./matrix";
import "./part.css";

export interface QrProps {
    /** What the picture shows, for those who can't see it: "Invitation for Ben, as a QR code". */
    readonly label: string;
    readonly text: string;
}

/** A QR code, dark on white in both themes, because many readers know nothing else. Its library comes when it is shown. */
export function Qr({ label, text }: QrProps) {
    const squares = useSignal<Squares | undefined>(undefined);
    useEffect(() => {
        let is_gone = false;
        squares.value = undefined;
        void import("./matrix").then(({ squares_of }) => {
            if (!is_gone) squares.value = squares_of(text);
        });
        return () => {
            is_gone = true;
        };
    }, [text, squares]);
    const now = squares.value;
    return (
        <div class="qr" aria-busy={now ? undefined : "true"}>
            {now && (
                <svg
                    viewBox={`0 0 ${now.side_n} ${now.side_n}`}
                    role="img"
                    aria-label={label}
                    shape-rendering="crispEdges"
                >
                    <path d={now.path} />
                </svg>
            )}
        </div>
    );
}
