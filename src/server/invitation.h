/* invitation.h -- whether an invitation is open: the one answer to all who ask from outside. */
#ifndef SERVER_INVITATION_H
#define SERVER_INVITATION_H

#include "record/circle.h"

/* invitation_judge -- whether the invite entry at seq can be opened now.
 *                                                                  [pure | NO_INVITE CONSENT_MISSING]
 * Fails    NO_INVITE        used, taken back, or past its date: one code for all
 *          CONSENT_MISSING  it is open, but not every member has agreed; only said to who holds its secret
 */
MUST_USE enum err invitation_judge(const struct circle *circle, uint64_t seq, uint64_t now_ms) NONNULL;

#endif
