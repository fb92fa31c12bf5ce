/* home_outbox.h -- what was written here and is not in the record yet, in the order in which it was written;
 * and drafts, which came back or were never sent.
 *
 * All of an item is sealed together with its circle, id and place: nothing of it can be changed, moved or put
 * before another. A later item gets a later place, and keeps it: item_set changes what is in it, never where.
 *
 * Source   docs/protocol.md, "Append, rebase, retries, outbox"
 */
#ifndef CLIENT_HOME_OUTBOX_H
#define CLIENT_HOME_OUTBOX_H

#include "client/home_circle.h"

enum {
    HOME_CONTENT_BYTES = 128 * 1024, /* the longest content of an item or draft */
};

struct home_item {
    uint8_t id[ID_BYTES]; /* of the entry that it becomes; survives signing again               */
    unsigned kind;        /* the caller's own number, below 256                                  */
    uint64_t group;       /* the caller's: items with the same one go in one batch               */
    uint64_t made_ms;     /* when it was written                                                 */
    struct str content;   /* what is to be signed, in the caller's own form                      */
    bool is_frozen;       /* its content must not change any more: an answer that was signed     */
    bool was_sent;        /* these signed bytes, or earlier ones, may have reached a server      */
    struct str wire;      /* as signed last; empty: never signed                                 */
    uint64_t signed_seq;  /* for which place in the record it was signed                         */
    uint8_t signed_prev[HASH_BYTES]; /* zeros for seq 0 */
};

typedef enum err home_item_visit(void *ctx, const struct home_item *item);

/* home_item_add -- behind all others of the circle.                                      [unlocked, durable]
 * Fails    EXISTS  an item of the circle has this id
 *          NOT_FOUND  there is no such circle */
MUST_USE enum err home_item_add(struct home *home, uint64_t circle, const struct home_item *item) NONNULL;

/* home_item_set -- everything of the item with this id is as said now; its place stays.   [unlocked, durable]
 * Fails    NOT_FOUND */
MUST_USE enum err home_item_set(struct home *home, uint64_t circle, const struct home_item *item) NONNULL;

/* home_item_remove -- it is in the record, or back in drafts.                            [durable]  NOT_FOUND */
MUST_USE enum err home_item_remove(struct home *home, uint64_t circle, const uint8_t id[static ID_BYTES]) NONNULL;

/* home_items_each -- oldest first.                                                                [unlocked]
 * home_items_count -- how many; needs no key. */
MUST_USE enum err home_items_each(struct home *home, uint64_t circle, home_item_visit *visit, void *ctx)
    __attribute__((nonnull(1, 3)));
MUST_USE enum err home_items_count(struct home *home, uint64_t circle, uint64_t *count) NONNULL;

/* ---- drafts ------------------------------------------------------------------------------------- */

struct home_draft {
    uint8_t id[ID_BYTES]; /* of the item that it was; or random */
    unsigned kind;        /* the caller's own number, below 256 */
    enum err error;       /* why it came back: an error, or OK  */
    uint64_t law;         /* and the law's number, or 0         */
    uint64_t at_ms;       /* when it came back, or was written  */
    struct str content;
};

typedef enum err home_draft_visit(void *ctx, const struct home_draft *draft);

/* home_draft_put -- keeps it; one of the same circle and id is replaced.     [unlocked, durable]  NOT_FOUND
 * home_draft_remove                                                                    [durable]  NOT_FOUND
 * home_drafts_each -- oldest first.                                                   [unlocked]
 * home_drafts_count -- how many; needs no key. */
MUST_USE enum err home_draft_put(struct home *home, uint64_t circle, const struct home_draft *draft) NONNULL;
MUST_USE enum err home_draft_remove(struct home *home, uint64_t circle, const uint8_t id[static ID_BYTES]) NONNULL;
MUST_USE enum err home_drafts_each(struct home *home, uint64_t circle, home_draft_visit *visit, void *ctx)
    __attribute__((nonnull(1, 3)));
MUST_USE enum err home_drafts_count(struct home *home, uint64_t circle, uint64_t *count) NONNULL;

#endif
