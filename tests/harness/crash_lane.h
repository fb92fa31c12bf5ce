/* crash_lane.h -- a device in one circle that writes as fast as it can, remembers what the server
 * acknowledged, and holds it to that after every crash.
 *
 * It keeps the rules of an honest client: one item at a time, whose id and payload never change; no answer
 * means to send the same bytes again or to look first; what the server tells is verified entry by entry,
 * and must go on from where the verified copy ends. An item is signed again only when the record has
 * moved on without it.
 *
 * Threads  one lane belongs to one thread at a time; two lanes may share a device on the same thread
 */
#ifndef HARNESS_CRASH_LANE_H
#define HARNESS_CRASH_LANE_H

#include "harness/api_client.h"
#include "harness/random.h"

enum { LANE_TROUBLE_BYTES = 320 };

enum lane_step {
    LANE_ON,     /* the server answered, and all is well                        */
    LANE_GONE,   /* the server is gone, or is going                             */
    LANE_BROKEN, /* it broke a promise, or refused what it may not: see trouble */
};

/* What an answer 200 or 201 promised: this entry stays in this place. */
struct lane_promise {
    uint64_t seq;
    uint8_t hash[HASH_BYTES];
};

struct lane {
    struct api *api;
    bool is_shared;   /* others write here too                                             */
    enum err may_refuse; /* the test spoils the disk: this refusal is no trouble, reading goes on; OK: none */
    uint8_t circle[HASH_BYTES];
    struct room room;
    struct random random;
    struct arena item_memory, wire_memory, page_memory;

    /* The item that is being sent. */
    bool has_item, is_unsure; /* unsure: it was sent, and no answer came */
    struct entry draft;
    uint8_t prev[HASH_BYTES];
    struct str wire;
    uint64_t item_n;

    struct lane_promise *promise;
    size_t promise_n, promise_cap, held_n; /* held_n: seen in the record */

    uint64_t recorded_n; /* items of mine that the record holds                              */
    uint64_t moved_n;    /* answers head_moved                                               */
    uint64_t refused_n;  /* answers that said so                                             */
    uint64_t kept_n;     /* items without an answer that turned out to be recorded           */
    uint64_t lost_n;     /* items without an answer that turned out not to be, and sent again */
    char trouble[LANE_TROUBLE_BYTES];
};

/* lane_init, lane_fini -- a lane of a device that is signed in; everything is given back. */
void lane_init(struct lane *lane, struct api *api, uint64_t seed) NONNULL;
void lane_fini(struct lane *lane) NONNULL;

/* lane_begin -- makes a circle of one's own on the server, which must take it.
 * lane_share -- takes the lane to a circle in which the device's person is a member. Both read it. */
enum lane_step lane_begin(struct lane *lane) NONNULL;
enum lane_step lane_share(struct lane *lane, const uint8_t *circle) NONNULL;

/* lane_append -- sends the item that waits, or a new one of about 1 KiB, once. */
enum lane_step lane_append(struct lane *lane) NONNULL;

/* lane_sync -- reads what is new, verifies it, and looks whether every promise is kept. */
enum lane_step lane_sync(struct lane *lane) NONNULL;

/* lane_recover -- after a crash: sends an unanswered item again, in half of the cases before looking and
 * in half only if it is not found; then all promises have been looked at. */
enum lane_step lane_recover(struct lane *lane) NONNULL;

/* lane_reread -- reads everything again from the first entry: byte for byte what was verified before, and
 * of my items each one once. */
enum lane_step lane_reread(struct lane *lane) NONNULL;

#endif
