/* pad.c -- see pad.h. */
#include "record/pad.h"

#include <sodium.h>

/* How many bits it takes to write n; 0 for 0. */
static unsigned bits_of(size_t n)
{
    unsigned bits = 0;
    for (; n > 0; n >>= 1) bits++;
    return bits;
}

size_t pad_padme(size_t n)
{
    if (n <= PAD_LEAST_BYTES) return PAD_LEAST_BYTES;
    unsigned exponent = bits_of(n) - 1;         /* n lies in 2^exponent .. 2^(exponent + 1) - 1 */
    unsigned kept = bits_of(exponent);          /* so many bits below the leading one may be set */
    size_t low = ((size_t)1 << (exponent - kept)) - 1;
    EXPECT(n <= SIZE_MAX - low);
    return (n + low) & ~low;
}

size_t pad_bytes(size_t text_n)
{
    EXPECT(text_n < SIZE_MAX);
    return pad_padme(text_n + 1);
}

void pad_put(uint8_t *padded, size_t padded_n, struct str text)
{
    size_t n = 0;
    EXPECT(text.len < padded_n);
    if (text.len > 0) memmove(padded, text.at, text.len);
    EXPECT(sodium_pad(&n, padded, text.len, padded_n, padded_n) == 0 && n == padded_n);
}

bool pad_find(struct str padded, struct str *text)
{
    size_t n = 0;
    if (padded.len == 0 || sodium_unpad(&n, padded.at, padded.len, padded.len) != 0) return false;
    *text = str_at(padded.at, n);
    return true;
}
