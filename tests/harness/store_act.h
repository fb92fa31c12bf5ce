/* store_act.h -- random things to do to a store, the same on every kind, and what came of them as text.
 *
 * Acts are drawn from a small world (few people, circles, ids), so that most meet something that is there
 * already. They are legal as calls: what store.h calls misuse is never drawn.
 */
#ifndef HARNESS_STORE_ACT_H
#define HARNESS_STORE_ACT_H

#include "harness/random.h"
#include "store/store.h"

/* Where a sequence of acts stands; the same for all stores that it is done to. Begins as {0}. */
struct store_act_course {
    bool is_in_transaction;
    unsigned mark_n;
};

/* One act: what, and the numbers it needs. */
struct store_act {
    unsigned what;
    uint64_t n[5];
};

enum { STORE_ACT_TEXT_BYTES = 4096 };

/* store_act_draw -- the next act, legal where the course stands; the course goes on. */
struct store_act store_act_draw(struct random *r, struct store_act_course *course) NONNULL;

/* store_act_do -- does it, and says in words what it gave: error, and what came out.
 *
 * Gives    the error; said ends with NUL
 */
enum err store_act_do(struct store *writer, struct store_act act, char said[static STORE_ACT_TEXT_BYTES]) NONNULL;

/* store_act_name -- what it is, for a failure's sentence. Static. */
const char *store_act_name(struct store_act act);

#endif
