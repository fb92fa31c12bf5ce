/* base32.h -- bytes as text that a person can type: Crockford's base32, five bits a character.
 *
 * The digits are 0-9 and the letters without I, L, O and U. Written in upper case. Read in either case,
 * with O as 0 and with I and L as 1, because that is how they get mistaken. No hyphens, no check
 * character: those belong to what is written with it.
 *
 * Source   Douglas Crockford, "Base 32", crockford.com/base32.html
 */
#ifndef BASE_BASE32_H
#define BASE_BASE32_H

#include "base/err.h"
#include "base/out.h"

/* How many characters n bytes take. What is left of the last one is filled with zero bits. */
#define BASE32_TEXT_BYTES(n) (((n) * 8 + 4) / 5)

/* base32_put -- appends bytes as text; the first bits first. */
void base32_put(struct out *o, struct str bytes) NONNULL;

/* base32_digit -- the digit that stands for 0 to 31; more is misuse. */
uint8_t base32_digit(unsigned value);

/* base32_value -- 0 to 31, or -1 for a character that is no digit. */
int base32_value(uint8_t character);

/* base32_read -- text as exactly n bytes.                                            [pure | BAD_CODE]
 *
 * Takes    text      BASE32_TEXT_BYTES(n) characters, nothing between them
 * Fails    BAD_CODE  another length, a character that is no digit, or fill bits that are not zero: the
 *                    same bytes have one text only, but for case and the letters I, L and O
 */
MUST_USE enum err base32_read(struct str text, uint8_t *bytes, size_t n) NONNULL;

#endif
