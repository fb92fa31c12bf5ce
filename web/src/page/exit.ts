/**
 * exit.ts -- leaving quickly: the page is blank first, then another one takes its place.
 *
 * What it can do: nothing of Troth is on the screen any more, the worker and its keys are gone, and Back leads to the
 * lock, not to what was shown. What it can't: the browser's history, and what somebody saw who stood behind.
 */
import { signal } from "@preact/signals";
import { type Key, PRESSES_N, shifts, WITHIN_MS } from "./shift";
import { words } from "./speech";

/** What is told about the presses of Shift, for those who hear the page. */
export const exit_said = signal("");

const BLANK = "exit-blank";

/** Covers everything, then says that it leaves: text that was there before its element came is not spoken. */
function blank(): void {
    if (document.getElementById(BLANK)) return;
    const cover = document.createElement("div");
    cover.id = BLANK;
    cover.className = BLANK;
    cover.setAttribute("role", "alert");
    document.body.append(cover);
    cover.textContent = words.parts.exit.leaving;
    document.title = words.parts.exit.leaving;
}

/** leave -- ends what holds the keys, then goes. Called by the button, by the keys, and by nothing else. */
export function leave(end: () => void): void {
    blank();
    end();
    location.replace(words.parts.exit.to);
}

/**
 * watch_exit -- listens for the keys, from now on.
 *
 * `end` ends what holds the keys. `back` is called when somebody came back to this page by Back: it shows the lock,
 * and only then does the cover go. Gives a function that stops listening.
 */
export function watch_exit(end: () => void, back: () => void): () => void {
    const count = shifts();
    let over: ReturnType<typeof setTimeout> | undefined;
    const start_over = (): void => {
        if (count.forget() > 0) exit_said.value = words.parts.exit.not_now;
    };
    const on_key = (event: KeyboardEvent): void => {
        const key: Key = {
            type: event.type === "keydown" ? "keydown" : "keyup",
            key: event.key,
            is_repeat: event.repeat,
            at_ms: event.timeStamp,
        };
        const missing_n = count.key(key);
        if (missing_n === 0) return leave(end);
        if (key.type === "keyup" && key.key === "Shift" && missing_n < PRESSES_N) {
            exit_said.value = words.parts.exit.again(missing_n);
            clearTimeout(over);
            over = setTimeout(start_over, WITHIN_MS);
        }
    };
    const on_pointer = (): void => void count.forget();
    const on_show = (event: PageTransitionEvent): void => {
        if (!event.persisted) return;
        back();
        document.getElementById(BLANK)?.remove();
    };
    document.addEventListener("keydown", on_key);
    document.addEventListener("keyup", on_key);
    document.addEventListener("pointerdown", on_pointer);
    addEventListener("pageshow", on_show);
    return () => {
        clearTimeout(over);
        document.removeEventListener("keydown", on_key);
        document.removeEventListener("keyup", on_key);
        document.removeEventListener("pointerdown", on_pointer);
        removeEventListener("pageshow", on_show);
    };
}
