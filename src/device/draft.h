/* draft.h -- what the acts of a member are made of: the contents of the items, in their order, of one group.
 *
 *   invite    rotate, invite, the circle's facts, my profile      (whoever is invited can read the last two)
 *   consent   consent, my profile
 *   join      join, rotate, my profile
 *   erase     a residue for each entry of which something stays, and the redact
 */
#ifndef DEVICE_DRAFT_H
#define DEVICE_DRAFT_H

#include "device/copy.h"
#include "device/item.h"

enum {
    DRAFT_ITEMS = LIMIT_BATCH_ENTRIES / 2 + 1,
    DRAFT_ERASED = LIMIT_BATCH_ENTRIES / 2, /* entries that can be erased at once                */
    DRAFT_TEXT_BYTES = 1024,                /* a profile, facts                                  */
};

/* Items without ids, group and time: those are the device's to give. */
struct draft {
    struct { enum item_kind kind; struct str content; } item[DRAFT_ITEMS];
    size_t item_n;
};

/* draft_invite -- an invitation that ends at expires_ms.
 *
 * Takes    secret    random; what the link says                                              borrowed
 *          profile   the text of my profile                                                   borrowed
 * Memory   from arena a
 * Fails    NOT_MEMBER SOLE_CIRCLE FULL INVITE_EXPIRED (past, or more than two weeks from now) NO_MEMORY
 */
MUST_USE enum err draft_invite(struct draft *draft, struct arena *a, const struct copy *copy,
                               const uint8_t secret[static SECRET_BYTES], uint64_t expires_ms, struct str profile,
                               uint64_t now_ms) NONNULL;

/* draft_consent -- to the invite entry with that hash.       [INVITE_VOID: it is not open]   borrowed, both */
MUST_USE enum err draft_consent(struct draft *draft, const struct copy *copy,
                                const uint8_t invite_hash[static HASH_BYTES], struct str profile) NONNULL;

/* draft_join -- by an invitation's secret.                   [ALREADY_MEMBER]                borrowed, both */
MUST_USE enum err draft_join(struct draft *draft, const struct copy *copy, const uint8_t secret[static SECRET_BYTES],
                             struct str profile) NONNULL;

/* draft_leave, draft_rotate -- going; another key, which also takes back all open invitations.
 *                                                                   [NOT_MEMBER; leave: SOLE_CIRCLE] */
MUST_USE enum err draft_leave(struct draft *draft, const struct copy *copy) NONNULL;
MUST_USE enum err draft_rotate(struct draft *draft, const struct copy *copy) NONNULL;

/* draft_erase -- takes back the words of my entries at these places.
 *
 * Fails    BAD_REDACT   one of them is not mine, no sealed entry, or erased already; none, or too many
 */
MUST_USE enum err draft_erase(struct draft *draft, struct arena *a, const struct copy *copy, const uint64_t *seq,
                              size_t seq_n) NONNULL;

#endif
