/* when.h -- dates as people write them, into due moments; and moments back into words.
 *
 *   open, some day
 *   today, tonight, tomorrow, friday, next friday, in 3 days, in 2 weeks, in a month, 24 dec, 2026-12-24, 24.12.2026
 *   this week, next weekend, end of the month (its last day); the day after tomorrow; friday 27 november, which agree
 *   morning (by 12:00), afternoon (by 18:00), evening, night (by the day's end): tomorrow morning, tonight at 8
 *   any of these with a time: 18:00, at 7:30, 6pm, noon; and in 2 hours, 2026-12-24T18:00, 2026-12-24T18:00+01:00
 *   every day, every 3 days, every sunday, every monday and thursday 20:00, every weekday, every second friday,
 *   every month on the 1st, mondays; each with a time, from DATE, until DATE, 10 times
 *
 * A day without a time is due at its end. Days and times are those of the maker's zone, on both sides of a change of
 * clocks. A time that clocks skip that day is put as much later as the clocks are; one that they show twice means the
 * first. Where a month has no 31st its last day is meant. "friday" is the first that is not over; "next friday" is
 * next week's, and weeks begin on Monday.
 */
#ifndef CLI_WHEN_H
#define CLI_WHEN_H

#include "base/out.h"
#include "cli/zone.h"
#include "practice/promise_act.h"

enum { WHEN_TROUBLE_BYTES = 320, WHEN_WORDS_BYTES = 512, WHEN_YEARS = 20 };

/* What was understood. when.zone points to zone.name, so it must not be copied while that is used. */
struct when {
    struct promise_when when;
    struct zone zone;
    bool is_moved;    /* some due time is not on the clocks that day: it was put later           */
    bool is_twice;    /* some due time is twice on the clocks that day: the first is meant       */
    bool is_shortened; /* a month without that day: its last day is meant                        */
    bool has_end;     /* the rule ends by itself: until, times                                   */
    bool is_cut;      /* there would be more than PROMISE_DUES of them before that end           */
};

/* when_read -- what somebody wrote.                                                          [zone | BAD_FIELD]
 *
 * Takes    text       any case, any blanks
 *          now_ms     what "today" is, and what is past
 * Gives    when       at least one due moment, all of them after now_ms; none for open
 *          trouble    only on failure: one or two sentences
 * Fails    BAD_FIELD  not understood, no such date, past, or more than WHEN_YEARS ahead
 */
MUST_USE enum err when_read(struct when *when, struct str text, const struct zone *zone, uint64_t now_ms,
                            char trouble[static WHEN_TROUBLE_BYTES]) NONNULL;

/* when_read_day -- a single day, such as yesterday or 2026-11-20, past or not.                      [BAD_FIELD] */
MUST_USE enum err when_read_day(int64_t *day, struct str text, const struct zone *zone, uint64_t now_ms,
                                char trouble[static WHEN_TROUBLE_BYTES]) NONNULL;

/* when_read_span -- how long: 90s, 15m, 2h, 7d, 2w, "15 minutes".                              [pure | BAD_FIELD] */
MUST_USE enum err when_read_span(uint64_t *span_ms, struct str text) NONNULL;

/* when_say -- in full, as it is said back before it is signed: "Friday 27 November 2026, by the end of the day; that
 * is in 5 days".   when_say_short -- for a list: "Fri 27 Nov", "every Sunday at 18:00, next Sun 29 Nov".
 *
 * Takes    here   the reader's zone: a moment is told as the reader's clock shows it. Days are the maker's
 */
void when_say(struct out *o, const struct promise_when *when, const struct zone *here, uint64_t now_ms) NONNULL;
void when_say_short(struct out *o, const struct promise_when *when, const struct zone *here, uint64_t now_ms) NONNULL;

/* when_say_notes -- what was decided where the calendar left it open, in sentences; nothing if it did not. */
void when_say_notes(struct out *o, const struct when *when) NONNULL;

/* when_say_rule -- "every Monday and Thursday at 20:00". */
void when_say_rule(struct out *o, const struct promise_rule *rule) NONNULL;

/* when_say_day -- "Friday 27 November 2026".   when_say_moment -- "today 18:30", "Fri 27 Nov 18:30", with the year
 * if it is another one than now's.   when_say_turn -- one due of a promise, in short: a day, or a moment. */
void when_say_day(struct out *o, int64_t day) NONNULL;
void when_say_moment(struct out *o, uint64_t at_ms, const struct zone *here, uint64_t now_ms) NONNULL;
void when_say_turn(struct out *o, const struct promise_when *when, size_t turn, const struct zone *here,
                   uint64_t now_ms) NONNULL;

/* when_say_distance -- "in 5 days", "tomorrow", "in 3 hours", "2 days ago". */
void when_say_distance(struct out *o, uint64_t at_ms, const struct zone *here, uint64_t now_ms) NONNULL;

/* when_is_day -- whether it is about days rather than moments. */
bool when_is_day(const struct promise_when *when) NONNULL;

#endif
