import { words } from "../../speech";
import "./part.css";

/** Ends what holds the keys. Nothing is asked before: it is undone with the passphrase. */
export function Lock({ onLock }: { readonly onLock: () => void }) {
    return (
        <button class="lock" type="button" title={words.parts.lock.note} onClick={onLock}>
            {words.parts.lock.lock}
        </button>
    );
}
