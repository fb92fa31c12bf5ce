/* item.h -- what was written on a device and is not in the record yet: one item for each entry it will become.
 *
 * An item's id is fixed when it is written and never changes: it becomes the entry's id, by which the item is
 * found again in the record, however often it has to be signed anew. Items of one group become entries of one
 * batch, one behind the other, or none of them does.
 *
 * Where items are kept until then is each program's own matter: a native one has a file (client/outbox.h), the
 * browser a database of its own.
 *
 * Source   docs/protocol.md, "Append, rebase, retries, outbox"
 */
#ifndef DEVICE_ITEM_H
#define DEVICE_ITEM_H

#include "record/entry.h"

/* What an item becomes, and what its content is. The numbers are kept on devices. */
enum item_kind {
    ITEM_SAY = 1,     /* a sealed entry: the text                                                    */
    ITEM_GENESIS = 2, /* signed when it was made; nothing. Its group is the circle's first batch      */
    ITEM_ROTATE = 3,  /* a rotate that a person or a flow wants: the reason, one byte                */
    ITEM_INVITE = 4,  /* secret, then expires_ms in eight bytes                                      */
    ITEM_CONSENT = 5, /* hash of the invite entry                                                    */
    ITEM_JOIN = 6,    /* secret                                                                      */
    ITEM_LEAVE = 7,   /* nothing                                                                     */
    ITEM_REDACT = 8,  /* seqs, eight bytes each                                                      */
    ITEM_MEND = 9,    /* a rotate that is owed, made by itself: the reason, one byte. Goes first     */
    ITEM_KEYS = 10,   /* keys for whoever was shut out, made by itself: the text                     */
};

struct item {
    enum item_kind kind;
    uint8_t id[ID_BYTES];
    uint64_t group;     /* of the device's own; neighbours with the same number are one group */
    uint64_t made_ms;   /* when it was written                                                */
    struct str content; /* borrowed                                                           */
};

/* item_is_kind -- whether a number is one of enum item_kind. */
bool item_is_kind(uint64_t kind);

/* item_entry_kind -- the kind of entry that an item becomes. */
enum entry_kind item_entry_kind(enum item_kind kind);

/* item_is_hidden -- made by itself: nobody wrote it, nobody is told of it, and it never becomes a draft. */
bool item_is_hidden(enum item_kind kind);

/* item_group_n -- how many items, from first on, are one group. */
size_t item_group_n(const struct item *item, size_t item_n, size_t first) NONNULL;

/* item_most_bytes -- the most bytes that the entry of an item can come to. */
size_t item_most_bytes(const struct item *item) NONNULL;

#endif
