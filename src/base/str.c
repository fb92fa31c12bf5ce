/* str.c -- see str.h. */
#include "base/str.h"

struct str str_of_text(const char *text)
{
    return str_at(text, strlen(text));
}

bool str_is(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool str_starts(struct str whole, struct str start)
{
    return whole.len >= start.len && str_is(str_at(whole.at, start.len), start);
}

int str_compare(struct str a, struct str b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common == 0 ? 0 : memcmp(a.at, b.at, common);
    if (order != 0) return order;
    return (a.len > b.len) - (a.len < b.len);
}

/* How many bytes the character at the start of s takes; 0 if it is not well formed. The second byte's
 * range depends on the first: that is what shuts out overlong forms, surrogates and what lies beyond
 * U+10FFFF (the table of RFC 3629 section 4). */
static size_t character_bytes(struct str s)
{
    uint8_t lead = s.at[0], low = 0x80, high = 0xbf;
    size_t n = 0;
    if (lead < 0x80) return 1;
    if (lead >= 0xc2 && lead <= 0xdf) n = 2;
    if (lead >= 0xe0 && lead <= 0xef) n = 3;
    if (lead >= 0xf0 && lead <= 0xf4) n = 4;
    if (n == 0 || n > s.len) return 0;
    if (lead == 0xe0) low = 0xa0;
    if (lead == 0xed) high = 0x9f;
    if (lead == 0xf0) low = 0x90;
    if (lead == 0xf4) high = 0x8f;
    if (s.at[1] < low || s.at[1] > high) return 0;
    for (size_t i = 2; i < n; i++) {
        if ((s.at[i] & 0xc0) != 0x80) return 0;
    }
    return n;
}

bool str_is_utf8(struct str text)
{
    while (text.len > 0) {
        size_t n = character_bytes(text);
        if (n == 0) return false;
        text.at += n;
        text.len -= n;
    }
    return true;
}
