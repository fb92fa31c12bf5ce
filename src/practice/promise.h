/* promise.h -- what becomes of a promise: the automaton of its turns, and what each of them came to.
 *
 * A promise is made by one member, the promiser, to one other, the receiver. It has one turn, or, if it
 * repeats, one for each due moment. Each turn has a word of the promiser's (done, owned up, "not as I see
 * it"), a word of the receiver's (kept, late, not kept), and an outcome that follows from the two. Silence
 * is no word and leads to nothing. A turn whose change was accepted is "renegotiated" for good, and the new
 * due moments are new turns behind the others.
 *
 * All order in time is judged by header time and by place in the record. No function here knows what time
 * it is; promise_outcome is told.
 *
 * Law      P1 to P40 (docs/domain.md)
 */
#ifndef PRACTICE_PROMISE_H
#define PRACTICE_PROMISE_H

#include "base/arena.h"
#include "practice/member.h"
#include "practice/promise_act.h"

enum { PROMISE_TURNS = 512 }; /* of one promise, with those that were changed */

enum promise_word { /* the promiser's last */
    PROMISE_SAID_NOTHING = 0,
    PROMISE_SAID_DONE = 1,
    PROMISE_SAID_OWNED_UP = 2,
};

enum promise_verdict { /* the receiver's last, from the hardest to the kindest */
    PROMISE_VERDICT_NONE = 0,
    PROMISE_VERDICT_NOT_KEPT = 1,
    PROMISE_VERDICT_LATE = 2,
    PROMISE_VERDICT_KEPT = 3,
};

enum promise_close { /* over without a verdict */
    PROMISE_STANDS = 0,
    PROMISE_WAS_RELEASED = 1,
    PROMISE_WAS_DECLINED = 2,
    PROMISE_WAS_ENDED = 3,
    PROMISE_WAS_RENEGOTIATED = 4,
};

/* A seq of 0 says that there is no such entry: entry 0 is a genesis, and no promise's. */
struct promise_turn {
    uint64_t due_ms;      /* 0 if open                                                              */
    uint64_t said_ms;     /* header time of the promiser's word                                     */
    uint64_t verdict_ms;  /* header time from which a slip in the verdict may be mended             */
    uint32_t date;        /* days since 1970-01-01 on the promiser's calendar; 0 if open            */
    uint32_t said_seq;    /* the entry of the promiser's word: done or owned up                     */
    uint32_t verdict_seq; /* … of the receiver's                                                    */
    uint32_t differed_seq; /* … of "not as I see it", while it stands                               */
    uint32_t closed_seq;  /* … that released, declined, ended, or accepted the change               */
    uint16_t change;      /* 1 + index of the change that made this turn; 0: as it was made first   */
    uint16_t moved;       /* 1 + index of the change that took its place; 0: none                   */
    uint8_t word;         /* enum promise_word    */
    uint8_t verdict;      /* enum promise_verdict */
    uint8_t verdict_floor; /* the verdict that stood before verdict_ms: mending does not go below   */
    uint8_t close;        /* enum promise_close   */
};

/* A change that the receiver accepted. */
struct promise_change {
    uint32_t ask_seq, accept_seq;
    uint16_t turn, turn_n;      /* the turns that it made                                        */
    struct str what;            /* their wording; that of the promise where the change has none  */
    bool is_reworded;           /* what is new; also where it was erased                         */
    enum promise_when_kind kind;
    struct promise_rule rule;
    struct str zone;
};

/* A change that is asked for and not yet answered. */
struct promise_ask {
    uint32_t seq; /* 0: none */
    uint8_t id[ID_BYTES];
    uint64_t time_ms;              /* what was due before that is not changed */
    const struct promise_act *act; /* lives in the arena of the fold          */
};

struct promise {
    uint8_t id[ID_BYTES];
    uint32_t index;    /* in the order in which they were made           */
    uint32_t made_seq;
    uint64_t made_ms;
    const struct member *promiser, *receiver;
    struct str what, looks_like, cue; /* empty in a residue */
    bool is_costly;
    bool is_wordless;  /* the words were erased */
    enum promise_when_kind kind;
    struct promise_rule rule;
    struct str zone;
    struct promise_turn *turn;
    size_t turn_n, _turn_cap;
    struct promise_change *change;
    size_t change_n, _change_cap;
    struct promise_ask ask;
    bool is_spoken_of; /* done, owned up, a verdict, a release or a change: too late to decline it */
    uint32_t over_seq; /* the entry that declined or ended the whole promise, or 0                 */
};

enum promise_outcome {
    PROMISE_NOT_DUE,           /* open, or its time is still to come; nothing said                          */
    PROMISE_WAITING,           /* the promiser says done; the receiver's word is awaited                    */
    PROMISE_SILENT,            /* due, and nobody said anything: never counted                              */
    PROMISE_OUTCOME_KEPT,
    PROMISE_OUTCOME_LATE,
    PROMISE_OUTCOME_NOT_KEPT,
    PROMISE_OUTCOME_OWNED_UP,
    PROMISE_OUTCOME_RELEASED,
    PROMISE_OUTCOME_DECLINED,
    PROMISE_OUTCOME_ENDED,     /* by the promiser, or because one of the two left                           */
    PROMISE_SEEN_DIFFERENTLY,  /* counts for neither                                                        */
    PROMISE_RENEGOTIATED,      /* changed with the receiver's word before it was due; costs nothing         */
};

/* What the laws need to know of an act besides its text. */
struct promise_event {
    const struct member *author; /* a member now */
    uint64_t time_ms;            /* the header's */
    uint32_t seq;                /* promise_apply only: its place and id in the record */
    const uint8_t *id;
};

/* promise_judge_made -- whether a promise may be made.                                        [pure]
 *
 * Takes    receiver   the member with the key act->to, or NULL if nobody in the circle has it
 * Gives    TO_SELF TO_STRANGER PAST, or OK
 */
enum law promise_judge_made(const struct promise_event *event, const struct promise_act *act,
                            const struct member *receiver) __attribute__((nonnull(1, 2)));

/* promise_make -- the state of a promise just made; promise_judge_made has allowed it.  [arena | NO_MEMORY]
 * promise is untouched on failure; its index is the caller's to set. */
MUST_USE enum err promise_make(struct promise *promise, struct arena *a, const struct promise_event *event,
                               const struct promise_act *act, const struct member *receiver) NONNULL;

/* promise_judge -- whether an act on a promise is allowed as the next one.                    [pure] */
enum law promise_judge(const struct promise *promise, const struct promise_event *event,
                       const struct promise_act *act) NONNULL;

/* promise_apply -- what the act leads to; promise_judge has allowed it.                 [arena | NO_MEMORY]
 * The promise is untouched on failure. */
MUST_USE enum err promise_apply(struct promise *promise, struct arena *a, const struct promise_event *event,
                                const struct promise_act *act) NONNULL;

/* promise_outcome -- what a turn came to, seen at a time.                                     [pure]
 * Takes    turn     below turn_n
 *          now_ms   only tells "not due" from "silent" */
enum promise_outcome promise_outcome(const struct promise *promise, size_t turn, uint64_t now_ms) NONNULL;

/* promise_turn_what -- the wording of a turn: the promise's, or that of the change that made it. [pure] */
struct str promise_turn_what(const struct promise *promise, size_t turn) NONNULL;

/* promise_moved_to -- the first of the turns that took the place of one that was renegotiated, and how many
 * they are; 0 and *turn untouched if it was not.                                              [pure] */
size_t promise_moved_to(const struct promise *promise, size_t turn, size_t *first) NONNULL;

#endif
