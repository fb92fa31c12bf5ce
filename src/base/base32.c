/* base32.c -- see base32.h. */
#include "base/base32.h"

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

uint8_t base32_digit(unsigned value)
{
    EXPECT(value < 32);
    return (uint8_t)digits[value];
}

int base32_value(uint8_t character)
{
    bool is_lower = character >= 'a' && character <= 'z';
    uint8_t c = is_lower ? (uint8_t)(character - 'a' + 'A') : character;
    if (c == 'O') c = '0';
    if (c == 'I' || c == 'L') c = '1';
    const char *found = memchr(digits, c, sizeof digits - 1);
    return found == NULL ? -1 : (int)(found - digits);
}

void base32_put(struct out *o, struct str bytes)
{
    unsigned bits = 0, bit_n = 0; /* what waits to be written: the lowest bit_n bits */
    for (size_t i = 0; i < bytes.len; i++) {
        bits = (bits << 8 | bytes.at[i]) & 0xfff;
        for (bit_n += 8; bit_n >= 5; bit_n -= 5) out_put_byte(o, base32_digit(bits >> (bit_n - 5) & 31));
    }
    if (bit_n > 0) out_put_byte(o, base32_digit(bits << (5 - bit_n) & 31));
}

/* Whether text is n bytes in base32; looked at as a whole before the first byte is given out. */
static bool fits(struct str text, size_t n)
{
    if (n > SIZE_MAX / 8 - 1 || text.len != BASE32_TEXT_BYTES(n)) return false;
    for (size_t i = 0; i < text.len; i++) {
        if (base32_value(text.at[i]) < 0) return false;
    }
    size_t fill_bits = text.len * 5 - n * 8;
    return n == 0 || (base32_value(text.at[text.len - 1]) & ((1 << fill_bits) - 1)) == 0;
}

enum err base32_read(struct str text, uint8_t *bytes, size_t n)
{
    if (!fits(text, n)) return ERR_BAD_CODE;
    unsigned bits = 0, bit_n = 0;
    for (size_t i = 0, at = 0; i < text.len; i++) {
        bits = (bits << 5 | (unsigned)base32_value(text.at[i])) & 0xfff;
        bit_n += 5;
        if (bit_n < 8) continue;
        bit_n -= 8;
        bytes[at++] = (uint8_t)(bits >> bit_n);
    }
    return ERR_OK;
}
