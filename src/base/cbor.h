/* cbor.h -- the strict subset of CBOR that Troth speaks: one value has exactly one encoding.
 *
 * Unsigned numbers up to 2^53 - 1, byte strings, UTF-8 text, arrays, maps. Definite lengths, shortest
 * heads. Map keys are the numbers 0..23, each once, ascending. At most 64 members in an array or pairs
 * in a map, at most 4 arrays and maps open at once, nothing behind the item. Everything else is
 * ERR_BAD_CBOR. Nothing here recurses: hostile nesting costs no stack.
 *
 * A reader takes a message apart from the outside in: cbor_map or cbor_list index one level and hand
 * out each member as the bytes of one complete item, which the next call takes apart. What has the
 * wrong type for the field it stands in is ERR_BAD_FIELD; the caller may say it in its own words.
 *
 * Source   RFC 8949 section 4.2.1; docs/protocol.md, "Codec"
 */
#ifndef BASE_CBOR_H
#define BASE_CBOR_H

#include "base/err.h"
#include "base/limits.h"
#include "base/out.h"
#include "base/str.h"

/* One level of a map: item[k] is the value of key k, keys has bit k set where key k is present. */
struct cbor_map {
    struct str item[LIMIT_CBOR_KEYS];
    uint32_t keys;
};

/* One level of an array. */
struct cbor_list {
    struct str item[LIMIT_CBOR_ITEMS];
    size_t item_n;
};

/* cbor_check -- whole is exactly one item of the subset, at every depth.      [pure | BAD_CBOR] */
MUST_USE enum err cbor_check(struct str whole);

/* cbor_first -- cuts the first item off a CBOR sequence.                      [pure | BAD_CBOR]
 *
 * Takes    sequence  zero or more items, one behind the other; must not be empty   borrowed
 * Gives    first     the first item, checked at every depth
 *          rest      what stands behind it, unchecked
 * Source   RFC 8742
 */
MUST_USE enum err cbor_first(struct str sequence, struct str *first, struct str *rest) NONNULL;

/* cbor_map, cbor_list -- index one level of an item.       [pure | BAD_CBOR BAD_FIELD]
 *
 * Takes    item      one complete item                               borrowed, must outlive the index
 * Fails    BAD_CBOR  it is not one item of the subset
 *          BAD_FIELD it is another type
 */
MUST_USE enum err cbor_map(struct str item, struct cbor_map *map) NONNULL;
MUST_USE enum err cbor_list(struct str item, struct cbor_list *list) NONNULL;

/* cbor_uint, cbor_bytes, cbor_text -- the value of an item.  [pure | BAD_CBOR BAD_FIELD]  as above */
MUST_USE enum err cbor_uint(struct str item, uint64_t *number) NONNULL;
MUST_USE enum err cbor_bytes(struct str item, struct str *bytes) NONNULL;
MUST_USE enum err cbor_text(struct str item, struct str *text) NONNULL;

/* cbor_bytes_n -- a byte string of exactly n bytes, copied out.  [pure | BAD_CBOR BAD_FIELD] */
MUST_USE enum err cbor_bytes_n(struct str item, uint8_t *bytes, size_t n) NONNULL;

/* cbor_map_is -- whether the map has all keys of needed, and none outside needed and allowed.
 *
 * Takes    needed, allowed   sets of keys as bits: CBOR_KEY(1) | CBOR_KEY(2)
 */
bool cbor_map_is(const struct cbor_map *map, uint32_t needed, uint32_t allowed) NONNULL;
#define CBOR_KEY(k) (UINT32_C(1) << (k))

/* cbor_map_has -- whether a key is present. */
static inline bool cbor_map_has(const struct cbor_map *map, unsigned key)
{
    return (map->keys & CBOR_KEY(key)) != 0;
}

/* Writers. The number of members is said first; a number above 2^53 - 1 or a wrong count is misuse of
 * the caller's that the reader on the other side would refuse. So is text that is not UTF-8: who has it
 * from outside asks str_is_utf8 first. */
void cbor_put_uint(struct out *o, uint64_t number) NONNULL;
void cbor_put_bytes(struct out *o, struct str bytes) NONNULL;
void cbor_put_text(struct out *o, struct str text) NONNULL;
void cbor_put_list(struct out *o, size_t item_n) NONNULL;
void cbor_put_map(struct out *o, size_t pair_n) NONNULL;

#endif
