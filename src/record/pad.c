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

/* Eight bytes as a number, the last of them highest. */
static uint64_t eight(const uint8_t *at)
{
    return (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 | (uint64_t)at[3] << 24 |
           (uint64_t)at[4] << 32 | (uint64_t)at[5] << 40 | (uint64_t)at[6] << 48 | (uint64_t)at[7] << 56;
}

/* The last byte that is not 0, and where it stands: what is seen at a place counts if it is not 0. All places are
 * looked at in the same way, whatever is there. */
struct last {
    uint64_t seen, at;
};

static void look(struct last *last, uint64_t seen, uint64_t at)
{
    uint64_t is_set = 0 - ((seen | (0 - seen)) >> 63); /* all bits, or none */
    last->seen ^= (last->seen ^ seen) & is_set;
    last->at ^= (last->at ^ at) & is_set;
}

/* sodium_unpad finds the same, a byte at a time, and took a fifth of the time in which a circle is loaded. */
bool pad_find(struct str padded, struct str *text)
{
    struct last word = {0}, byte = {0};
    size_t whole_n = padded.len / 8 * 8;
    for (size_t i = 0; i < whole_n; i += 8) look(&word, eight(padded.at + i), i);
    for (unsigned i = 0; i < 8; i++) look(&byte, word.seen >> (8 * i) & 255, word.at + i);
    for (size_t i = whole_n; i < padded.len; i++) look(&byte, padded.at[i], i);
    if (byte.seen != 0x80) return false;
    *text = str_at(padded.at, (size_t)byte.at);
    return true;
}
