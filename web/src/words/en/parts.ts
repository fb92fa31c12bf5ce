import { plural } from "../plural";

const n_of = plural("en-GB");

/** What the parts say by themselves. Everything else they are given. */
export const parts = {
    mark: {
        only_you: "Only you",
        sealed: "Sealed until both have answered",
        sealed_all: "Sealed until everyone has answered",
        shared: (names: readonly string[]): string =>
            `Shared with ${new Intl.ListFormat("en-GB", { type: "conjunction" }).format(names)}`,
    },
    field: {
        optional: "if you like",
        left: (n: number): string => n_of(n, { one: "Room for # more character", other: "Room for # more characters" }),
        over: (n: number): string => n_of(n, { one: "# character too many", other: "# characters too many" }),
        problem: "To mend: ",
    },
    passphrase: {
        show: "Show",
        hide: "Hide",
        show_what: "Show what is typed",
        hide_what: "Hide what is typed",
        capitals: "Capital letters are on.",
    },
    code: {
        copy: "Copy",
        copied: "Copied. It stays in this device’s clipboard until something else is copied.",
        not_copied: "This browser did not let Troth copy. It is selected now: copy it by hand.",
    },
    entry: {
        you: "You",
        written: "Written",
        arrived: "arrived",
        kept_here: "Kept here, sent when you’re back",
    },
    sheet: {
        close: "Close",
    },
    bar: {
        label: "Parts of this circle",
        today: "Today",
        promises: "Promises",
        talk: "Talk",
        together: "Together",
        picture: "Picture",
    },
    exit: {
        leave: "Leave quickly",
        again: (n: number): string =>
            n_of(n, { one: "Press Shift # more time to leave.", other: "Press Shift # more times to leave." }),
        /** Where leaving leads: a page that anybody may have open. */
        to: "https://www.bbc.com/weather",
        leaving: "Leaving.",
        not_now: "The time to leave with Shift is over.",
    },
    lock: {
        lock: "Lock",
        note: "Takes your passphrase to open again",
    },
} as const;
