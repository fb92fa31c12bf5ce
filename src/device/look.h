/* look.h -- an invitation, seen by whoever holds its secret, before they join.
 *
 * The record says that the invitation is there, open and agreed to by all; the capsule in it holds the one key of its
 * epoch, which opens what was posted for whoever comes: the circle's facts, and the profiles of those who are in.
 */
#ifndef DEVICE_LOOK_H
#define DEVICE_LOOK_H

#include "device/copy.h"
#include "record/invite.h"

struct look_seen {
    uint8_t inviter[SIGN_PK_BYTES];
    uint64_t expires_ms;
};

/* look_open -- opens an invitation in a copy that was verified from its genesis to its head, and folds what it opens.
 *
 * Takes    seq      of the invite entry, as the server says it
 * Fails    BROKEN_CHAIN     the record ends where none may, or has no such invitation at that place
 *          NO_INVITE        it is not open any more
 *          CONSENT_MISSING  not everybody has agreed
 *          those of invite_capsule_open; NO_MEMORY
 */
MUST_USE enum err look_open(struct copy *copy, const uint8_t secret[static SECRET_BYTES], uint64_t seq,
                            struct look_seen *seen) NONNULL;

#endif
