/* state.h -- a whole circle, folded: who is in it, what it is called, every promise, and one row for each
 * entry that says what it was and whether it counts.
 *
 * The same entries, with the same keys and the same erasures, fold to the same state for everybody: nothing
 * here asks who reads, when an entry arrived, or what time it is. What the laws forbid stands in its row as
 * "not valid", with the law, and changes nothing else. Nothing is ever refused from the record.
 *
 * Everything lives in the arena given to state_init. Adding an entry costs the same however long the record
 * is; only a redact by somebody who has left looks through those who were ever in.
 *
 * Law      F1 to F19, P1 to P40 (docs/domain.md)
 */
#ifndef PRACTICE_STATE_H
#define PRACTICE_STATE_H

#include "practice/facts.h"
#include "practice/ids.h"
#include "practice/member.h"
#include "practice/opened.h"
#include "practice/pages.h"
#include "practice/promise.h"

#define STATE_NONE UINT32_MAX /* no member, no promise, no turn */

struct state_row {
    uint8_t id[ID_BYTES];
    uint64_t time_ms;      /* the header's                                                          */
    struct str words;      /* of a promise's act, such as why; empty: none                          */
    uint32_t seq;
    uint32_t author;       /* place in the list of members; STATE_NONE: nobody who was ever in      */
    uint32_t promise;      /* place in the list of promises, or STATE_NONE                          */
    uint16_t turn;         /* of the act; 0 where it names none                                     */
    uint8_t kind;          /* enum entry_kind                                                       */
    uint8_t how;           /* enum opened_how                                                       */
    uint8_t law;           /* enum law: OK, or why it is not valid                                  */
    uint8_t act;           /* enum promise_act_kind of a promise's act, or 0                        */
    uint32_t type;         /* enum payload_type or a newer one's number (UINT32_MAX: larger); 0: no text */
};

struct state {
    struct arena *_arena;
    struct pages _row, _member, _promise;
    struct ids _ids;
    uint32_t _in[LIMIT_MEMBERS]; /* those who are in, in join order */
    size_t in_n;
    struct facts facts;          /* kind is FACTS_NONE before anything was said */
    bool is_sole;                /* a journal */
    bool is_begun;
    bool _is_stale;
};

/* state_init -- the state before the genesis; lives in a, which must outlive it.  [random] */
void state_init(struct state *state, struct arena *a) NONNULL;

/* state_add -- folds the next entry.                                              [arena | NO_MEMORY]
 *
 * Takes    opened   its entry->seq is state_row_n(state): from the genesis on, none left out
 * Gives    OK also for what is not valid: the row says so
 * Fails    NO_MEMORY  the state is as it was, and the same call may come again
 */
MUST_USE enum err state_add(struct state *state, const struct opened *opened) NONNULL;

/* state_is_stale -- whether an entry was erased after it was folded with its words. The state then shows what
 * it should no longer show: fold anew, feeding what is erased as RESIDUE or ERASED. */
bool state_is_stale(const struct state *state) NONNULL;

/* state_judge -- whether this text would be valid as the next entry.               [pure]
 *
 * Takes    author   signing key of whoever would say it
 *          text     as for payload_seal
 *          time_ms  of the header it would have
 * Gives    the law that state_add would write into its row. A type that this Troth does not know is allowed.
 */
enum law state_judge(const struct state *state, const uint8_t author[static SIGN_PK_BYTES], struct str text,
                     uint64_t time_ms) NONNULL;

/* state_row_n, state_row -- one row for each entry; seq below state_row_n. */
uint64_t state_row_n(const struct state *state) NONNULL;
const struct state_row *state_row(const struct state *state, uint64_t seq) NONNULL;

/* state_member_n, state_member -- all who were ever in, in the order in which they came. */
size_t state_member_n(const struct state *state) NONNULL;
const struct member *state_member(const struct state *state, size_t index) NONNULL;

/* state_in -- who is in now, in join order; at below state->in_n.
 * state_find_member -- who is in now with that key, or NULL. */
const struct member *state_in(const struct state *state, size_t at) NONNULL;
const struct member *state_find_member(const struct state *state, const uint8_t sign_pk[static SIGN_PK_BYTES]) NONNULL;

/* state_promise_n, state_promise -- all promises that were validly made, in that order.
 * state_find_promise -- the promise that the entry with that id made, or NULL. */
size_t state_promise_n(const struct state *state) NONNULL;
const struct promise *state_promise(const struct state *state, size_t index) NONNULL;
const struct promise *state_find_promise(const struct state *state, const uint8_t id[static ID_BYTES]) NONNULL;

/* state_find_row -- the row of the entry with that id, or NULL. */
const struct state_row *state_find_row(const struct state *state, const uint8_t id[static ID_BYTES]) NONNULL;

#endif
