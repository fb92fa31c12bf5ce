/* code.h -- the text in which a secret of 20 bytes is written down, read aloud and typed.
 *
 *   T1-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX
 *
 * A letter for what it opens, the protocol's version, then nine groups of four characters of base32:
 * eight of them the secret, the ninth a check, the first 20 bits of H("troth1:code.....", secret). So a
 * slip of the hand is found before anything is sent anywhere, and in most cases its place is named.
 *
 * Source   docs/protocol.md, "Secrets and key schedule"
 */
#ifndef RECORD_CODE_H
#define RECORD_CODE_H

#include "record/hash.h"

enum code_kind {
    CODE_ACCOUNT, /* T1-: an account, together with its passphrase  */
    CODE_PERMIT,  /* P1-: opens one new account on a server         */
    CODE_INVITE,  /* J1-: an invitation into a circle               */
};

enum { CODE_GROUPS = 9, CODE_TEXT_BYTES = 3 + CODE_GROUPS * 4 + (CODE_GROUPS - 1) };

/* code_put -- appends the text form, CODE_TEXT_BYTES long. */
void code_put(struct out *o, enum code_kind kind, const uint8_t secret[static SECRET_BYTES]) NONNULL;

/* code_read -- the secret that a person typed.                                       [pure | BAD_CODE]
 *
 * Takes    kind      what is needed here
 *          text      in either case; hyphens and white space count for nothing, wherever they stand
 * Gives    secret    SECRET_BYTES; the caller wipes it
 *          why       only on failure: text says which part is wrong. at is the group to look at, 1 to 9,
 *                    or 0 when it cannot be told
 * Fails    BAD_CODE  the wrong beginning, a character that is no base32, too short, too long, or a check
 *                    that does not fit. In that case every single other character and every swap of two
 *                    neighbours is tried; when exactly one of them fits, its group is named. (What looks
 *                    like one slip may by chance be more: about once in a thousand codes that are wrong
 *                    in many places.)
 */
MUST_USE enum err code_read(enum code_kind kind, struct str text, uint8_t secret[static SECRET_BYTES],
                            struct why *why) NONNULL;

#endif
