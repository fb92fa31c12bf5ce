/* pad.h -- texts made equally long, so that their length says little about them.
 *
 * Behind the text stand one byte 0x80 and then zeros, up to a size that many lengths share.
 *
 * Source   docs/protocol.md, "Entry"; Padmé: Nikitin and others, "Reducing Metadata Leakage from Encrypted
 *          Files and Communication with PURBs", 2019, section 4; ISO/IEC 7816-4 as libsodium's sodium_pad
 */
#ifndef RECORD_PAD_H
#define RECORD_PAD_H

#include "record/hash.h"

enum { PAD_LEAST_BYTES = 512 };

/* pad_padme -- the size for n bytes: n rounded up to a number whose binary form ends in zeros, so that
 * the rounding never adds more than 12 %; at least PAD_LEAST_BYTES. */
size_t pad_padme(size_t n);

/* pad_bytes -- the padded size of a text of text_n bytes: one byte of padding is always there. */
size_t pad_bytes(size_t text_n);

/* pad_put -- the text, padded, in padded_n bytes. A text that leaves no room for padding is misuse.
 *
 * Takes    text   may already lie where padded begins
 */
void pad_put(uint8_t *padded, size_t padded_n, struct str text) NONNULL;

/* pad_find -- the text in padded; false when what is there was not padded by these rules. How long the
 * text is does not show in the time it takes. */
MUST_USE bool pad_find(struct str padded, struct str *text) NONNULL;

#endif
