export const welcome = {
    name: "Troth",
    meaning: "faith pledged; a promise kept",
    what: "A private place for two people, or a few, to promise, to keep it, and to see trust grow.",
    sealed: "The server that carries it can’t read it, and nobody can quietly rewrite what was said.",
    pace: "Five minutes a week are enough. Nothing here counts, ranks or praises.",
    exit_note:
        "“Leave quickly”, or Shift three times, opens a weather page and takes this one out of sight. It doesn’t clear what the browser remembers of your visit.",
    not_kept:
        "This browser keeps nothing that is written here, as in a private window. What you write would be gone when you close it.",
    not_kept_next: "Open Troth in an ordinary window, or allow this site to store data.",
} as const;
