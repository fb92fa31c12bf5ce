/* plan.h -- what the acts of a member are made of: the contents of the items, in their order, of one group.
 *
 *   invite    rotate, invite, the circle's facts, my profile      (whoever is invited can read the last two)
 *   consent   consent, my profile
 *   join      join, rotate, my profile
 *   erase     a residue for each entry of which something stays, and the redact
 */
#ifndef DEVICE_PLAN_H
#define DEVICE_PLAN_H

#include "device/copy.h"
#include "device/item.h"

enum {
    PLAN_ITEMS = LIMIT_BATCH_ENTRIES / 2 + 1,
    PLAN_ERASED = LIMIT_BATCH_ENTRIES / 2, /* entries that can be erased at once                */
    PLAN_TEXT_BYTES = 1024,                /* a profile, facts                                  */
};

/* Items without ids, group and time: those are the device's to give. */
struct plan {
    struct { enum item_kind kind; struct str content; } item[PLAN_ITEMS];
    size_t item_n;
};

/* plan_invite -- an invitation that ends at expires_ms.
 *
 * Takes    secret    random; what the link says                                              borrowed
 *          profile   the text of my profile                                                   borrowed
 * Memory   from arena a
 * Fails    NOT_MEMBER SOLE_CIRCLE FULL INVITE_EXPIRED (past, or more than two weeks from now) NO_MEMORY
 */
MUST_USE enum err plan_invite(struct plan *plan, struct arena *a, const struct copy *copy,
                               const uint8_t secret[static SECRET_BYTES], uint64_t expires_ms, struct str profile,
                               uint64_t now_ms) NONNULL;

/* plan_consent -- to the invite entry with that hash.       [INVITE_VOID: it is not open]   borrowed, both */
MUST_USE enum err plan_consent(struct plan *plan, const struct copy *copy,
                                const uint8_t invite_hash[static HASH_BYTES], struct str profile) NONNULL;

/* plan_join -- by an invitation's secret.                   [ALREADY_MEMBER]                borrowed, both */
MUST_USE enum err plan_join(struct plan *plan, const struct copy *copy, const uint8_t secret[static SECRET_BYTES],
                             struct str profile) NONNULL;

/* plan_leave, plan_rotate -- going; another key, which also takes back all open invitations.
 *                                                                   [NOT_MEMBER; leave: SOLE_CIRCLE] */
MUST_USE enum err plan_leave(struct plan *plan, const struct copy *copy) NONNULL;
MUST_USE enum err plan_rotate(struct plan *plan, const struct copy *copy) NONNULL;

/* plan_erase -- takes back the words of my entries at these places.
 *
 * Fails    BAD_REDACT   one of them is not mine, no sealed entry, or erased already; none, or too many
 */
MUST_USE enum err plan_erase(struct plan *plan, struct arena *a, const struct copy *copy, const uint64_t *seq,
                              size_t seq_n) NONNULL;

#endif
