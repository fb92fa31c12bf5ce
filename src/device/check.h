/* check.h -- which signatures have to be verified before a record that was read is believed.
 *
 * A record is read with COPY_KNOWN: linked by its hashes, judged, but no signature verified, which is what takes
 * the time. What is already certain then is a beginning of it: up to a pin that this device sealed; or, on a new
 * device, up to the newest entry that I signed myself, since my signature covers all that is before it, and I
 * signed behind what another device of mine had verified. Every signature from there on has to be verified before
 * anything is shown or signed. What is before is verified afterwards, at leisure.
 *
 * Source   docs/protocol.md, "Rollback and forks"
 */
#ifndef DEVICE_CHECK_H
#define DEVICE_CHECK_H

#include "device/copy.h"

struct check {
    uint64_t tail_first, tail_next; /* signatures from tail_first on are needed; those before tail_next are done */
    uint64_t back_next;             /* so many from the first on are verified, besides                           */
};

/* check_begin -- what has to be verified of a copy that was read whole.          [pure | ROLLED_BACK FORKED]
 *
 * Takes    pin     NULL: this device has none
 * Fails    as chain_keeps_pin; and with my own newest signature, which is verified at once, BAD_SIGNATURE later
 */
MUST_USE enum err check_begin(struct check *check, const struct copy *copy, const struct chain_pin *pin)
    __attribute__((nonnull(1, 2)));

/* check_take -- verifies the signature of an entry that the copy holds: the next of those needed, or else the next
 * of those at leisure. One that is neither is passed over.
 *
 * Fails    BAD_SIGNATURE; BAD_FIELD: the bytes are not those of the entry that was read
 */
MUST_USE enum err check_take(struct check *check, const struct copy *copy, struct str wire) NONNULL;

/* check_is_done -- whether the record may be believed.   check_is_whole -- whether nothing is left to verify. */
bool check_is_done(const struct check *check, const struct copy *copy) NONNULL;
bool check_is_whole(const struct check *check) NONNULL;

#endif
