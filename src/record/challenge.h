/* challenge.h -- the question a server asks before it believes a signature: fresh, its own, soon over.
 *
 *   challenge = time8 || rand8 || KH(server_secret, "troth1:chal.....", time8 || rand8, 16)
 *
 * The server keeps nothing when it asks. What it has to keep is which challenges were answered within
 * the last CHALLENGE_LIFE_MS, so that none is answered twice.
 *
 * Source   docs/protocol.md, "Account, login, devices"
 */
#ifndef RECORD_CHALLENGE_H
#define RECORD_CHALLENGE_H

#include "record/hash.h"

enum { CHALLENGE_BYTES = 32, CHALLENGE_LIFE_MS = 120 * 1000 };

/* challenge_make -- a new one.                                                              [random] */
void challenge_make(uint8_t challenge[static CHALLENGE_BYTES], const uint8_t server_secret[static KEY_BYTES],
                    uint64_t now_ms) NONNULL;

/* challenge_check -- whether this server made it, at most CHALLENGE_LIFE_MS ago.       [pure | BAD_CHALLENGE]
 *
 * Fails    BAD_CHALLENGE  made elsewhere, changed, too old; or from the future, as when the clock was set
 *                         back: it would outlive the memory of which challenges were answered
 */
MUST_USE enum err challenge_check(const uint8_t challenge[static CHALLENGE_BYTES],
                                  const uint8_t server_secret[static KEY_BYTES], uint64_t now_ms) NONNULL;

#endif
