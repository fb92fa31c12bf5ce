import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ask, condition, end } from "../../core";
import { exit_said, leave } from "../../exit";
import { Exit } from "../../parts/exit/part";
import { Notice } from "../../parts/notice/part";
import { Refusal } from "../../parts/refusal/part";
import { Shell } from "../../parts/shell/part";
import { words } from "../../speech";
import "./welcome.css";

/** The first page anybody sees: what this is, in three sentences. */
export function Welcome() {
    const said = words.welcome;
    const keeps_nothing = useSignal(false);
    useEffect(() => {
        const here = new AbortController();
        void ask("storage.look", {}, { signal: here.signal }).then((answer) => {
            keeps_nothing.value = answer.ok && answer.value.is === "no";
        });
        return () => here.abort();
    }, [keeps_nothing]);
    const ways_out = <Exit onLeave={() => leave(end)} said={exit_said.value} />;
    return (
        <Shell title={said.name} ways_out={ways_out}>
            <div class="welcome">
                <p class="meaning">{said.meaning}</p>
                <p>{said.what}</p>
                <p>{said.sealed}</p>
                <p>{said.pace}</p>
            </div>
            {condition.value === "gone" && <Refusal why={{ code: "internal" }} />}
            {condition.value === "page_old" && <Refusal why={{ code: "page_old" }} />}
            {keeps_nothing.value && (
                <Notice>
                    <p>{said.not_kept}</p>
                    <p>{said.not_kept_next}</p>
                </Notice>
            )}
            <p class="lead">{said.exit_note}</p>
        </Shell>
    );
}
