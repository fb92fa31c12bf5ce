/* walk.c -- see walk.h. */
#include "practice/walk.h"

enum { UINT = 0, BYTES = 2, TEXT = 3, LIST = 4, MAP = 5 }; /* major types of RFC 8949 section 3.1 */

/* The number of a head that takes more than its first byte. */
static uint64_t long_head(struct walk *w, unsigned info)
{
    static const uint64_t least[] = {24, 0x100, 0x10000, UINT64_C(0x100000000)};
    if (info > 27) return walk_fail(w);
    size_t tail_n = (size_t)1 << (info - 24);
    if ((size_t)(w->_end - w->_at) < tail_n) return walk_fail(w);
    uint64_t number = 0;
    for (size_t i = 0; i < tail_n; i++) number = number << 8 | w->_at[i];
    if (number < least[info - 24] || number > LIMIT_NUMBER) return walk_fail(w);
    w->_at += tail_n;
    return number;
}

static uint64_t head(struct walk *w, unsigned major)
{
    if (w->_at == w->_end || w->_at[0] >> 5 != major) return walk_fail(w);
    unsigned info = *w->_at++ & 31;
    return info < 24 ? info : long_head(w, info);
}

static uint64_t members(struct walk *w, unsigned major)
{
    uint64_t n = head(w, major);
    return n <= LIMIT_CBOR_ITEMS ? n : walk_fail(w);
}

static struct str string(struct walk *w, unsigned major)
{
    uint64_t n = head(w, major);
    if (n > (uint64_t)(w->_end - w->_at)) n = walk_fail(w);
    struct str s = str_at(w->_at, (size_t)n);
    w->_at += n;
    return s;
}

uint64_t walk_map(struct walk *w)
{
    return members(w, MAP);
}

uint64_t walk_list(struct walk *w)
{
    return members(w, LIST);
}

uint64_t walk_uint(struct walk *w)
{
    return head(w, UINT);
}

struct str walk_bytes(struct walk *w)
{
    return string(w, BYTES);
}

struct str walk_text(struct walk *w)
{
    return string(w, TEXT);
}

const uint8_t *walk_bytes_n(struct walk *w, size_t n)
{
    struct str s = string(w, BYTES);
    if (!w->has_failed && s.len == n) return s.at;
    (void)walk_fail(w);
    return NULL;
}
