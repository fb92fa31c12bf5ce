/* out.c -- see out.h. */
#include "base/out.h"

struct out out_over(void *at, size_t cap)
{
    return (struct out){.at = at, .cap = cap};
}

void out_put(struct out *o, struct str s)
{
    if (o->is_full || s.len > o->cap - o->len) {
        o->is_full = true;
        return;
    }
    if (s.len > 0) memcpy(o->at + o->len, s.at, s.len);
    o->len += s.len;
}

void out_put_byte(struct out *o, uint8_t byte)
{
    out_put(o, str_at(&byte, 1));
}

void out_put_be64(struct out *o, uint64_t n)
{
    uint8_t bytes[8];
    for (int i = 7; i >= 0; i--, n >>= 8) bytes[i] = (uint8_t)n;
    out_put(o, STR_OF(bytes));
}

void out_put_decimal(struct out *o, uint64_t n)
{
    uint8_t digits[20];
    size_t first = sizeof digits;
    do {
        digits[--first] = (uint8_t)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    out_put(o, str_at(digits + first, sizeof digits - first));
}

void out_put_hex(struct out *o, struct str s)
{
    static const char digit[] = "0123456789abcdef";
    for (size_t i = 0; i < s.len; i++) {
        out_put_byte(o, (uint8_t)digit[s.at[i] >> 4]);
        out_put_byte(o, (uint8_t)digit[s.at[i] & 15]);
    }
}

void out_text(struct out *o, const char *text)
{
    out_put(o, str_of_text(text));
}

struct str out_str(const struct out *o)
{
    return o->is_full ? (struct str){0} : str_at(o->at, o->len);
}
