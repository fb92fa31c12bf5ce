/* fold.h -- a circle as its fold sees it: entries of four people without signatures or boxes, so that a test is
 * about what is said and not about how it travels.
 *
 * Every line is kept, so that the same record can be folded again: from the start, in two halves, with words
 * erased, or by somebody who came later.
 */
#ifndef HARNESS_FOLD_H
#define HARNESS_FOLD_H

#include "practice/state.h"
#include "record/payload.h"

enum fold_who { ANA, BEN, CLEO, DORA, FOLD_PEOPLE };

enum { FOLD_LINES = 4096 };

#define FOLD_DAY_MS  UINT64_C(86400000)
#define FOLD_HOUR_MS UINT64_C(3600000)

struct fold_line {
    struct entry entry;
    uint8_t id[ID_BYTES];
    enum fold_who who;
    enum opened_how how;
    struct str text;
};

struct fold {
    struct arena arena;
    struct state state;
    struct fold_line *line[FOLD_LINES];
    size_t line_n;
    uint64_t now_ms; /* what the next header says; a test moves it */
};

/* The calendar day with which a fold begins, and a moment on it: noon, UTC. */
enum { FOLD_DATE = 20500 };
#define FOLD_NOON_MS (FOLD_DATE * FOLD_DAY_MS + 12 * FOLD_HOUR_MS)

/* fold_init -- an empty record at noon; fold_init_two -- with Ana, who began it, and Ben, who joined. */
void fold_init(struct fold *f) NONNULL;
void fold_init_two(struct fold *f) NONNULL;
void fold_fini(struct fold *f) NONNULL;

/* fold_pk -- somebody's signing key. fold_id -- the id of the entry in a place. */
const uint8_t *fold_pk(enum fold_who who);
const uint8_t *fold_id(const struct fold *f, uint64_t seq) NONNULL;

/* fold_control -- a genesis, join, leave, rotate, invite or consent. fold_redact -- of these entries of theirs. */
void fold_control(struct fold *f, enum fold_who who, enum entry_kind kind) NONNULL;
void fold_redact(struct fold *f, enum fold_who who, const uint64_t *seq, size_t seq_n) NONNULL;

/* fold_text -- says a text. Gives the law in its row, and stops the test if state_judge had said another.
 * fold_act -- the same for an act on a promise. fold_unread -- an entry with no text: erased, no key, unreadable. */
enum law fold_text(struct fold *f, enum fold_who who, struct str text) NONNULL;
enum law fold_act(struct fold *f, enum fold_who who, const struct promise_act *act) NONNULL;
void fold_unread(struct fold *f, enum fold_who who, enum opened_how how) NONNULL;

/* fold_add -- one line into another state. */
MUST_USE enum err fold_add(struct state *state, const struct fold_line *line) NONNULL;

/* ---- drafts of acts -------------------------------------------------------------------------------------- */

/* fold_open -- without a date; fold_moment -- on the day so many days after the first, at noon;
 * fold_days -- each of so many days from that one on, at its end. */
struct promise_when fold_open(void);
struct promise_when fold_moment(unsigned days);
struct promise_when fold_days(unsigned days, size_t due_n);

/* fold_made -- a promise to somebody; the text goes into the fold's arena with fold_act.
 * fold_make -- makes it, which must be allowed, and gives it. */
struct promise_act fold_made(enum fold_who to, struct promise_when when);
const struct promise *fold_make(struct fold *f, enum fold_who who, enum fold_who to, struct promise_when when) NONNULL;

/* fold_say -- an act about a turn of a promise; fold_say_left -- about that and all later ones that are left.
 * fold_ask -- asks for another time; fold_answer -- accepts or refuses the ask in that place. */
enum law fold_say(struct fold *f, enum fold_who who, enum promise_act_kind act, const struct promise *p,
                  unsigned turn) NONNULL;
enum law fold_say_left(struct fold *f, enum fold_who who, enum promise_act_kind act, const struct promise *p,
                       unsigned turn) NONNULL;
enum law fold_ask(struct fold *f, enum fold_who who, const struct promise *p, unsigned turn, bool is_all_left,
                  struct promise_when when) NONNULL;
enum law fold_answer(struct fold *f, enum fold_who who, enum promise_act_kind act, const struct promise *p,
                     uint64_t ask_seq) NONNULL;

/* fold_came_to -- what a turn came to, seen now. */
enum promise_outcome fold_came_to(const struct fold *f, const struct promise *p, size_t turn) NONNULL;

/* fold_expect_same -- two states say the same of everything; stops the test where they do not. */
void fold_expect_same(const struct state *a, const struct state *b) NONNULL;

#endif
