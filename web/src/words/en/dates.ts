import type { DateWords } from "../dates";

export const dates: DateWords = {
    language: "en-GB",
    today: { morning: "this morning", afternoon: "this afternoon", evening: "this evening", night: "tonight" },
    tomorrow: {
        morning: "tomorrow morning",
        afternoon: "tomorrow afternoon",
        evening: "tomorrow evening",
        night: "tomorrow night",
    },
    yesterday: {
        morning: "yesterday morning",
        afternoon: "yesterday afternoon",
        evening: "yesterday evening",
        night: "last night",
    },
    just_now: "just now",
    on_day: (day, part) => (part === "evening" ? `${day} evening` : day),
};
