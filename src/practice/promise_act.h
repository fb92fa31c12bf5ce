/* promise_act.h -- the texts of a promise: what is said when it is made, and each word about it later.
 *
 *   act = { 1: 3, 2: act, ? 3: promise, ? 4: turn, ? 5: all left = 1, ? 6: ask, ? 7: words, ? 8: to, ? 9: what,
 *           ? 10: looks like, ? 11: cue, ? 12: costs = 1, ? 13: when, ? 14: [dates], ? 15: [moments],
 *           ? 16: rule, ? 17: zone, ? 18: reworded = 1, ? 23: written }
 *
 * Each act has its own fields and no others:
 *
 *   made              to, what, ? looks like, ? cue, ? costs, when…
 *   done, owned up, kept, late, not kept, seen differently        promise, turn, ? words
 *   released          promise, turn, ? all left, ? words
 *   declined, ended   promise, ? words
 *   change asked      promise, turn, ? all left, ? words, ? what, ? when…        (one of the last two at least)
 *   change accepted, change refused                               promise, ask, ? words
 *
 * when… is 13 alone for an open one, and 14, 15, 17 with it for a moment or a day, and 16 too where it repeats.
 * What stays of an act whose words were erased has no field of words (7, 9, 10, 11, 17), and 18 instead of 9 in
 * a change asked.
 *
 * A promise is named by the id of the entry that made it, an ask by the id of the entry that asks. A turn is
 * one repetition: its place in the promise, from 0. What an act may do is decided in promise.h; here, only
 * whether it is one.
 *
 * Source   docs/protocol.cddl
 */
#ifndef PRACTICE_PROMISE_ACT_H
#define PRACTICE_PROMISE_ACT_H

#include "base/out.h"
#include "practice/words.h"
#include "record/hash.h"

/* The numbers are the protocol's. */
enum promise_act_kind {
    PROMISE_MADE = 1,
    PROMISE_DONE = 2,             /* the promiser: I did it                                       */
    PROMISE_KEPT = 3,             /* the receiver: it was kept                                    */
    PROMISE_LATE = 4,             /* … it came, and late                                          */
    PROMISE_NOT_KEPT = 5,         /* … it was not kept                                            */
    PROMISE_OWNED_UP = 6,         /* the promiser: I didn't                                       */
    PROMISE_RELEASED = 7,         /* the receiver: you need not                                   */
    PROMISE_DECLINED = 8,         /* the receiver: I don't want this promise                      */
    PROMISE_CHANGE_ASKED = 9,     /* the promiser: may it be another time, or something else?     */
    PROMISE_CHANGE_ACCEPTED = 10, /* the receiver: yes                                            */
    PROMISE_CHANGE_REFUSED = 11,  /* the receiver: no, let it stay                                */
    PROMISE_ENDED = 12,           /* the promiser ends a repeating promise                        */
    PROMISE_DIFFERED = 13,        /* the promiser: not as I see it                                */
};

enum promise_when_kind {
    PROMISE_WHEN_OPEN = 0,   /* no date                                                             */
    PROMISE_WHEN_MOMENT = 1, /* at one moment                                                       */
    PROMISE_WHEN_DAY = 2,    /* on one day: due at its end                                          */
    PROMISE_WHEN_RULE = 3,   /* again and again                                                     */
};

enum promise_every { PROMISE_DAILY = 1, PROMISE_WEEKLY = 2, PROMISE_MONTHLY = 3 };

enum {
    PROMISE_DUES = 64,                         /* due moments in one act                          */
    PROMISE_STEP = 99,                         /* the widest step of a rule                       */
    PROMISE_END_OF_DAY = 24 * 60,              /* at_minute of a rule that is about whole days    */
    PROMISE_TEXT_BYTES = 3 * WORDS_BYTES + 2048, /* the longest act, rounded up                   */
};

/* The rule behind a list of due moments: only for words. What counts is the list. */
struct promise_rule {
    enum promise_every every;
    unsigned step;      /* 1 to 99: every day, every second day …                                   */
    unsigned on;        /* weekly: bit 0 Monday … bit 6 Sunday, 1 to 127; monthly: day 1 to 31; daily: 0 */
    unsigned at_minute; /* of the day, on the promiser's clock: 0 to 1439, or PROMISE_END_OF_DAY    */
};

/* When it is due. The maker's program has worked the moments out, on the promiser's calendar. */
struct promise_when {
    enum promise_when_kind kind;
    struct promise_rule rule;      /* RULE only                                                        */
    struct str zone;               /* of the promiser, such as Europe/Madrid; empty if OPEN            */
    size_t due_n;                  /* OPEN 0; MOMENT, DAY 1; RULE 1 to PROMISE_DUES                    */
    uint32_t date[PROMISE_DUES];   /* the promiser's calendar day, in days since 1970-01-01; ascending */
    uint64_t due_ms[PROMISE_DUES]; /* UTC; ascending; falls on that day somewhere in the world         */
};

struct promise_act {
    enum promise_act_kind act;
    bool is_residue;        /* without words: what stays of it after it was erased                       */
    const uint8_t *promise; /* ID_BYTES; NULL if MADE                                                    */
    unsigned turn;          /* 0 where the act is not about a turn                                       */
    bool is_all_left;       /* released, change asked: that turn and every later one that is still open  */
    const uint8_t *ask;     /* ID_BYTES; accepted and refused only                                       */
    struct str words;       /* empty: none                                                               */
    const uint8_t *to;      /* SIGN_PK_BYTES; MADE only                                                  */
    struct str what;        /* MADE; change asked: the new wording, or empty                             */
    struct str looks_like;  /* MADE: what done looks like, or empty                                      */
    struct str cue;         /* MADE: "when …, then …", or empty                                          */
    bool is_costly;         /* MADE: "this one costs me"                                                 */
    bool has_when;          /* change asked: a new time is asked for; MADE: always                       */
    bool changes_words;     /* change asked: `what` is new, also where a residue no longer says it       */
    uint64_t written_ms;    /* 0 where it is not said                                                    */
    struct promise_when when; /* only read if has_when                                                   */
};

/* promise_act_check -- whether a draft of an act may be put: form only.                       [pure]
 * Gives    WORDS_… ZONE DATES RULE CHANGE_EMPTY, or OK. A field that the act does not have is not looked at,
 *          and not put. changes_words need not be set: a `what` that is not empty says so. */
enum law promise_act_check(const struct promise_act *act) NONNULL;

/* promise_act_put -- appends the text. A draft that promise_act_check refuses is misuse. */
void promise_act_put(struct out *text, const struct promise_act *act) NONNULL;

/* promise_act_read -- takes a text of type PAYLOAD_PROMISE apart.                             [pure]
 *
 * Takes    is_residue   the text is what promise_act_scrub has left of an act
 * Gives    OK and the act, borrowed from text; else UNREADABLE, NEWER, or what promise_act_check says; act is
 *          then of no use
 */
MUST_USE enum law promise_act_read(struct str text, bool is_residue, struct promise_act *act) NONNULL;

/* promise_act_scrub -- appends the act without its words: the `outcome` of its residue.       [pure]
 *
 * Gives    OK; else what promise_act_read says of text, and nothing is appended
 * Two programs scrub the same text to the same bytes, so whoever still holds the words can tell whether a
 * residue says what was said.
 */
MUST_USE enum law promise_act_scrub(struct out *residue, struct str text) NONNULL;

#endif
