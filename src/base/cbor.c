/* cbor.c -- see cbor.h. */
#include "base/cbor.h"

enum { UINT = 0, BYTES = 2, TEXT = 3, LIST = 4, MAP = 5 }; /* major types of RFC 8949 section 3.1 */

/* ---- heads ----------------------------------------------------------------------------------- */

struct head {
    unsigned major;
    uint64_t number; /* the value, the length in bytes, or the count of members */
    size_t bytes;    /* of the head itself */
};

/* Reads the head at the start of s; refuses what the subset has no use for. */
static enum err head_read(struct str s, struct head *head)
{
    if (s.len == 0) return ERR_BAD_CBOR;
    unsigned major = s.at[0] >> 5, info = s.at[0] & 31;
    if (major > MAP || major == 1 || info > 27) return ERR_BAD_CBOR;
    size_t tail_bytes = info < 24 ? 0 : (size_t)1 << (info - 24);
    if (s.len < 1 + tail_bytes) return ERR_BAD_CBOR;
    uint64_t number = tail_bytes == 0 ? info : 0;
    for (size_t i = 1; i <= tail_bytes; i++) number = number << 8 | s.at[i];
    static const uint64_t least[] = {24, 0x100, 0x10000, UINT64_C(0x100000000)};
    if (tail_bytes > 0 && number < least[info - 24]) return ERR_BAD_CBOR; /* a shorter head exists */
    if (number > LIMIT_NUMBER) return ERR_BAD_CBOR;
    *head = (struct head){.major = major, .number = number, .bytes = 1 + tail_bytes};
    return ERR_OK;
}

/* Whether the string that the head announces is really there, and is text where it says so. */
static bool string_fits(struct str after_head, const struct head *head)
{
    if (head->number > after_head.len) return false;
    return head->major != TEXT || str_is_utf8(str_at(after_head.at, (size_t)head->number));
}

static struct str skip(struct str s, size_t n)
{
    return str_at(s.at + n, s.len - n);
}

/* ---- checking -------------------------------------------------------------------------------- */

/* An array or map that is still open: how many items it waits for (two a pair), and its last key. */
struct open {
    uint64_t left;
    int last_key;
    bool is_map;
};

/* In a map every other item, from the first, is a key: one byte, larger than the one before. */
static bool key_fits(struct open *in, struct str at)
{
    if (!in->is_map || in->left % 2 != 0) return true;
    if (at.at[0] >= LIMIT_CBOR_KEYS || (int)at.at[0] <= in->last_key) return false;
    in->last_key = at.at[0];
    return true;
}

enum err cbor_first(struct str sequence, struct str *first, struct str *rest)
{
    struct open open[LIMIT_CBOR_DEPTH];
    size_t depth = 0;
    struct str s = sequence;
    do {
        struct head head;
        enum err e = head_read(s, &head);
        if (e != ERR_OK) return e;
        if (depth > 0) {
            if (!key_fits(&open[depth - 1], s)) return ERR_BAD_CBOR;
            open[depth - 1].left--;
        }
        s = skip(s, head.bytes);
        if (head.major == BYTES || head.major == TEXT) {
            if (!string_fits(s, &head)) return ERR_BAD_CBOR;
            s = skip(s, (size_t)head.number);
        } else if (head.major == LIST || head.major == MAP) {
            if (depth == LIMIT_CBOR_DEPTH || head.number > LIMIT_CBOR_ITEMS) return ERR_BAD_CBOR;
            bool is_map = head.major == MAP;
            open[depth++] = (struct open){is_map ? 2 * head.number : head.number, -1, is_map};
        }
        while (depth > 0 && open[depth - 1].left == 0) depth--;
    } while (depth > 0);
    *first = str_at(sequence.at, sequence.len - s.len);
    *rest = s;
    return ERR_OK;
}

enum err cbor_check(struct str whole)
{
    struct str first, rest;
    enum err e = cbor_first(whole, &first, &rest);
    if (e != ERR_OK) return e;
    return rest.len == 0 ? ERR_OK : ERR_BAD_CBOR;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Whether an item that nothing is in, a number or a string, ends where its head says. */
static bool ends_well(struct str after_head, const struct head *head)
{
    if (head->major == UINT) return after_head.len == 0;
    return after_head.len == head->number && string_fits(after_head, head);
}

/* The head of a complete item of the wanted type, and what stands behind the head. */
static enum err typed(struct str item, unsigned major, struct head *head, struct str *inside)
{
    enum err e = head_read(item, head);
    if (e != ERR_OK) return e;
    struct str after_head = skip(item, head->bytes);
    if (head->major == LIST || head->major == MAP) e = cbor_check(item);
    else if (!ends_well(after_head, head)) e = ERR_BAD_CBOR;
    if (e != ERR_OK) return e;
    if (head->major != major) return ERR_BAD_FIELD;
    *inside = after_head;
    return ERR_OK;
}

enum err cbor_map(struct str item, struct cbor_map *map)
{
    struct head head;
    struct str rest;
    enum err e = typed(item, MAP, &head, &rest);
    if (e != ERR_OK) return e;
    struct cbor_map read = {.keys = 0};
    for (uint64_t i = 0; i < head.number; i++) {
        unsigned key = rest.at[0]; /* typed() has checked that it is one byte, 0..23 */
        e = cbor_first(skip(rest, 1), &read.item[key], &rest);
        if (e != ERR_OK) return e;
        read.keys |= CBOR_KEY(key);
    }
    *map = read;
    return ERR_OK;
}

enum err cbor_list(struct str item, struct cbor_list *list)
{
    struct head head;
    struct str rest;
    enum err e = typed(item, LIST, &head, &rest);
    if (e != ERR_OK) return e;
    list->item_n = (size_t)head.number;
    for (size_t i = 0; i < list->item_n; i++) {
        e = cbor_first(rest, &list->item[i], &rest);
        if (e != ERR_OK) return e;
    }
    return ERR_OK;
}

enum err cbor_uint(struct str item, uint64_t *number)
{
    struct head head;
    struct str inside;
    enum err e = typed(item, UINT, &head, &inside);
    if (e != ERR_OK) return e;
    *number = head.number;
    return ERR_OK;
}

enum err cbor_bytes(struct str item, struct str *bytes)
{
    struct head head;
    return typed(item, BYTES, &head, bytes);
}

enum err cbor_text(struct str item, struct str *text)
{
    struct head head;
    return typed(item, TEXT, &head, text);
}

enum err cbor_bytes_n(struct str item, uint8_t *bytes, size_t n)
{
    struct str read;
    enum err e = cbor_bytes(item, &read);
    if (e != ERR_OK) return e;
    if (read.len != n) return ERR_BAD_FIELD;
    memcpy(bytes, read.at, n);
    return ERR_OK;
}

bool cbor_map_is(const struct cbor_map *map, uint32_t needed, uint32_t allowed)
{
    return (map->keys & needed) == needed && (map->keys & ~(needed | allowed)) == 0;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void head_put(struct out *o, unsigned major, uint64_t number)
{
    EXPECT(number <= LIMIT_NUMBER);
    unsigned info = (unsigned)(number & 31);
    if (number >= 24) info = number < 0x100 ? 24 : number < 0x10000 ? 25 : number >> 32 == 0 ? 26 : 27;
    unsigned tail_bytes = info < 24 ? 0 : 1u << (info - 24);
    out_put_byte(o, (uint8_t)(major << 5 | info));
    for (unsigned i = tail_bytes; i > 0; i--) out_put_byte(o, (uint8_t)(number >> (8 * (i - 1))));
}

void cbor_put_uint(struct out *o, uint64_t number)
{
    head_put(o, UINT, number);
}

void cbor_put_bytes(struct out *o, struct str bytes)
{
    head_put(o, BYTES, bytes.len);
    out_put(o, bytes);
}

void cbor_put_text(struct out *o, struct str text)
{
    head_put(o, TEXT, text.len);
    out_put(o, text);
}

void cbor_put_list(struct out *o, size_t item_n)
{
    EXPECT(item_n <= LIMIT_CBOR_ITEMS);
    head_put(o, LIST, item_n);
}

void cbor_put_map(struct out *o, size_t pair_n)
{
    EXPECT(pair_n <= LIMIT_CBOR_KEYS);
    head_put(o, MAP, pair_n);
}
