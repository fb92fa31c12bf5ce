/* when_read.h -- the words of a date, one after the other: what when_read.c and when_rule.c share. */
#ifndef CLI_WHEN_READ_H
#define CLI_WHEN_READ_H

#include "cli/when.h"

enum { WHEN_WORDS = 24, WHEN_WORD_BYTES = 40 };

/* A date being read: its words in lower case, the next of which is at _at. */
struct when_reading {
    char word[WHEN_WORDS][WHEN_WORD_BYTES];
    unsigned word_n, at;
    const struct zone *zone;
    uint64_t now_ms;
    int64_t today;
    char *trouble;
    bool is_refused; /* trouble says why */
};

/* What one date says. */
struct when_point {
    bool has_day, has_minute, is_weekday; /* is_weekday: named as "friday", so today may be too late for it */
    int64_t day;
    unsigned minute;
    bool is_late;    /* tonight, in the evening: a bare 8 is 20:00                     */
    bool has_moment; /* an exact one: in 2 hours, or with an offset                    */
    uint64_t moment_ms;
};

/* when_reading_init -- cuts a text into words. */
MUST_USE enum err when_reading_init(struct when_reading *r, struct str text, const struct zone *zone, uint64_t now_ms,
                                    char trouble[static WHEN_TROUBLE_BYTES]) NONNULL;

/* when_refuse -- notes why it is not understood; the first reason stays. Gives BAD_FIELD. */
enum err when_refuse(struct when_reading *r, const char *form, ...) NONNULL __attribute__((format(printf, 2, 3)));

/* when_not_understood -- refuses the next word, or that there is none. */
enum err when_not_understood(struct when_reading *r) NONNULL;

/* when_next -- takes the next word if it is this one.   when_word -- the next word; "" at the end. */
bool when_next(struct when_reading *r, const char *word) NONNULL;
const char *when_word(const struct when_reading *r) NONNULL;

/* Each takes words if they are what it is for; false, and takes nothing, if not (or is_refused). */
bool when_take_weekday(struct when_reading *r, unsigned *weekday) NONNULL;     /* friday, fri                 */
bool when_take_time(struct when_reading *r, unsigned *minute) NONNULL;         /* 18:00, at 7, 6pm, noon      */
bool when_take_bare_time(struct when_reading *r, unsigned *minute) NONNULL;    /* 8, behind "tonight"         */
bool when_take_part(struct when_reading *r, struct when_point *point) NONNULL; /* morning, in the evening   */
bool when_take_count(struct when_reading *r, unsigned *n) NONNULL;             /* 3, a, two … twelve          */
bool when_take_ordinal(struct when_reading *r, unsigned *n) NONNULL;           /* 1st, second, other          */
bool when_take_day(struct when_reading *r, struct when_point *point) NONNULL;  /* tomorrow, 24 dec, in 3 days */

/* when_begins_rule -- takes "every", or sees "daily", "mondays" and the like.   when_read_rule -- the rest of "every ...".   when_due -- one due moment, and what it took. */
MUST_USE enum err when_read_rule(struct when_reading *r, struct when *when) NONNULL;
bool when_begins_rule(struct when_reading *r) NONNULL;
MUST_USE bool when_due(struct when *when, int64_t day, unsigned minute, uint64_t *due_ms) NONNULL;

#endif
