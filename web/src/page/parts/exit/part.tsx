import { words } from "../../speech";
import "./part.css";

export interface ExitProps {
    readonly onLeave: () => void;
    /** What is told about the presses of Shift so far. */
    readonly said: string;
}

/** On every screen, at the same place. A link, so that it leads away even where the program has stopped. */
export function Exit({ onLeave, said }: ExitProps) {
    const go = (event: Event): void => {
        event.preventDefault();
        onLeave();
    };
    return (
        <div class="exit">
            <a href={words.parts.exit.to} rel="nofollow noreferrer" onClick={go}>
                {words.parts.exit.leave}
            </a>
            <span class="unseen" role="status">
                {said}
            </span>
        </div>
    );
}
