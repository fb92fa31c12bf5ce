/* outbox.h -- what was written here and is not in the record yet: kept, signed, sent, and found again.
 *
 *   R1  An item is durable before its first transmission, and so are the signed bytes; its id never changes.
 *   R2  One batch is in flight per circle: the oldest items, in their order.
 *   R3  Where no answer came, the identical bytes are sent again, or the record is read first.
 *   R4  An item is signed for another place only after the record was read to its head and its id not found
 *       there; and only if it is still allowed there (A14). Otherwise it goes to the drafts, with the reason.
 *   R5  The pin is only ever extended. Anything else is an alarm, and nothing is sent.
 *
 * Items of one group go in one batch or not at all. Several groups may share a batch.
 *
 * For the files of src/client only.
 *
 * Source   docs/protocol.md, "Append, rebase, retries, outbox"; the rules were checked as a model
 */
#ifndef CLIENT_OUTBOX_H
#define CLIENT_OUTBOX_H

#include "client/held.h"
#include "client/home_outbox.h"
#include "device/item.h"

struct outbox_item {
    struct home_item is; /* content and wire are ours */
    bool is_done;        /* found in the record; goes with the next outbox_tidy */
};

struct outbox {
    struct outbox_item *item;
    size_t item_n;
    struct held *held; /* the circle; borrowed */
};

/* outbox_load -- (again) all items of outbox->held.   outbox_free -- wiped; held stays. */
MUST_USE enum err outbox_load(struct outbox *outbox) NONNULL;
void outbox_free(struct outbox *outbox) NONNULL;

/* What is to be written. id NULL: a new one. */
struct outbox_new {
    enum item_kind kind;
    const uint8_t *id; /* ID_BYTES or NULL */
    struct str content;
    struct str wire;   /* ITEM_GENESIS's group only: signed already */
};

/* outbox_add -- items as one group, durably, behind all others; inside the caller's transaction if one is open.
 *
 * Gives    id   of the last item; may be NULL
 */
MUST_USE enum err outbox_add(struct outbox *outbox, const struct outbox_new *item, size_t item_n,
                             uint64_t now_ms, bool is_inside, uint8_t *id) __attribute__((nonnull(1, 2)));

/* outbox_with -- for held_take: items that are found in the record leave the home in the same transaction. */
struct held_with outbox_with(struct outbox *outbox) NONNULL;

/* outbox_tidy -- forgets the items that were found (how many: *done_n), and the signatures of those that the
 * record has gone past.   outbox_mend -- and items made by themselves that are no longer needed; adds those
 * that are owed now: a rotate after somebody left or when I was shut out, keys for who was (while no invitation
 * is open: whoever holds its link reads the epoch in which they would be handed over).
 *
 * Takes    now_ms
 */
MUST_USE enum err outbox_tidy(struct outbox *outbox, size_t *done_n) NONNULL;
MUST_USE enum err outbox_mend(struct outbox *outbox, uint64_t now_ms) NONNULL;

/* What went to the drafts: how many items, and why the first of them did. */
struct outbox_back {
    size_t n;
    enum law law;
    enum err err;
};

/* The batch in flight. */
struct outbox_batch {
    uint8_t *wire; /* LIMIT_BODY_BYTES */
    size_t wire_n;
    uint64_t first_seq, entry_n;
    uint64_t said_n;             /* so many of them are fed to the fold, as provisional */
    uint8_t head_hash[HASH_BYTES]; /* the head when all of it is recorded               */
};

/* outbox_prepare -- what to send now: the bytes that are signed for the head already, or else the oldest
 * groups, judged, signed and kept durably with their signatures.
 *
 * What may no longer be said goes to the drafts, and is counted in back.
 *
 * Takes    may_sign   false: only bytes that are signed already
 * Gives    batch      entry_n 0: there is nothing to send
 */
MUST_USE enum err outbox_prepare(struct outbox *outbox, uint64_t now_ms, bool may_sign,
                                 struct outbox_batch *batch, struct outbox_back *back) NONNULL;

/* outbox_unsign -- these signatures will not be used: the record was read to its head, which is still the one
 * they name, and they are not in it; their time is over. */
MUST_USE enum err outbox_unsign(struct outbox *outbox) NONNULL;

/* outbox_give_back -- the group around an item goes to the drafts, with the reason. Only after the record was read.
 *
 * Takes    at   the item's place; behind the last one is the first
 */
MUST_USE enum err outbox_give_back(struct outbox *outbox, size_t at, enum law law, enum err err, uint64_t now_ms,
                                   struct outbox_back *back) NONNULL;

/* outbox_signed_at -- the place of the item that became the n-th entry of the batch in flight. */
size_t outbox_signed_at(const struct outbox *outbox, uint64_t n) NONNULL;

/* outbox_remove -- one group leaves without a trace: what a person takes back. */
MUST_USE enum err outbox_remove(struct outbox *outbox, uint64_t group) NONNULL;

/* outbox_law_code, outbox_law_of -- a law as homes keep it, by its number in docs/domain.md, and back: the
 * order of the list may change. A law that this program does not know is LAW_OK. */
uint64_t outbox_law_code(enum law law);
enum law outbox_law_of(uint64_t code);

/* outbox_join -- the waiting join, or NULL.   outbox_genesis -- the first item of a circle that the server does
 * not have yet, or NULL. */
const struct outbox_item *outbox_join(const struct outbox *outbox) NONNULL;
const struct outbox_item *outbox_genesis(const struct outbox *outbox) NONNULL;

#endif
