/* desk.h -- people, their copies of a circle, and a store beside them: what a server does with a batch, without
 * a server. What is sent goes the way of a request through the writer, each in a transaction of its own.
 *
 *   desk_gather(desk, 2);                                 Ana and Ben are in, here and in their copies
 *   expect(desk_post(desk, ANA, batch), ERR_OK);          and every copy has followed
 *   desk_expect_same(desk);                               the store holds what the copies hold
 *
 * What cannot be set up ends the test.
 */
#ifndef HARNESS_DESK_H
#define HARNESS_DESK_H

#include "harness/people.h"
#include "harness/store_rig.h"
#include "server/append.h"

enum { DESK_PEOPLE = 5 }; /* Ana, Ben, Cleo, Dov, Eve */
#define DESK_NOW_MS UINT64_C(1767225600000)

struct desk {
    struct store_rig *rig;
    struct circles circles;
    struct arena arena; /* of the test, until it ends */
    struct person person[DESK_PEOPLE];
    struct room room[DESK_PEOPLE];
    uint64_t now_ms; /* the server's clock, and the limits it is set to */
    uint64_t circle_bytes_max;
    unsigned circle_n_max;
    struct append said; /* what came of the batch sent last; its items are gone */
};

/* desk_setup_mem, _sqlite, desk_teardown -- cmocka's: *state becomes a desk with an empty store. */
int desk_setup_mem(void **state);
int desk_setup_sqlite(void **state);
int desk_teardown(void **state);
#define DESK_TEST(f)                                                                                                   \
    {#f " (mem)", f, desk_setup_mem, desk_teardown, NULL},                                                             \
    {#f " (sqlite)", f, desk_setup_sqlite, desk_teardown, NULL}

/* desk_gather -- the first n are in a new circle; all others' copies follow it too, from outside. */
void desk_gather(struct desk *desk, size_t n) NONNULL;

/* desk_circle -- its id, as Ana's copy has it. */
const uint8_t *desk_circle(const struct desk *desk) NONNULL;

/* desk_send -- a person sends a batch to a circle, by any of the three ways. */
enum err desk_send(struct desk *desk, enum append_way way, size_t who, const uint8_t *circle, struct str batch) NONNULL;

/* desk_post -- live, to the circle; what is recorded every copy takes, which must succeed. */
enum err desk_post(struct desk *desk, size_t who, struct str batch) NONNULL;

/* desk_follow -- every copy takes it, and nothing is sent. */
void desk_follow(struct desk *desk, struct str batch) NONNULL;

/* desk_say -- a note by a person, posted, which must succeed: its place. */
uint64_t desk_say(struct desk *desk, size_t who, const char *words) NONNULL;

/* desk_forget -- the next batch meets circles read from the store. */
void desk_forget(struct desk *desk) NONNULL;

/* desk_text -- all that the store holds, to compare; to be freed. */
char *desk_text(struct desk *desk) NONNULL MUST_USE;

/* desk_expect_same -- the store has just what Ana's copy has: every entry, its payload unless a redact took it,
 * the head, the state, who is in and since when, the invitations, and how long all payloads are. */
void desk_expect_same(struct desk *desk) NONNULL;

/* desk_payload -- what the store has of that entry's payload. */
enum desk_payload { DESK_THERE, DESK_EMPTY, DESK_ERASED };
enum desk_payload desk_payload(struct desk *desk, uint64_t seq) NONNULL;

#endif
