/* str.h -- borrowed bytes: where they are and how many. No NUL is promised, nothing is owned. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/assert.h"

struct str {
    const uint8_t *at;
    size_t len;
};

#define STR(literal) ((struct str){(const uint8_t *)(literal), sizeof(literal) - 1})
#define STR_OF(array) ((struct str){(array), sizeof(array)})

/* str_at -- bytes of a given length as a str. */
static inline struct str str_at(const void *at, size_t len)
{
    return (struct str){at, len};
}

/* str_of_text -- a NUL-terminated C string as a str, without its NUL. */
struct str str_of_text(const char *text) NONNULL;

/* str_is -- same length, same bytes. Not for secrets: it stops at the first difference. */
bool str_is(struct str a, struct str b);

/* str_starts -- whether whole begins with start. */
bool str_starts(struct str whole, struct str start);

/* str_is_utf8 -- well-formed UTF-8: shortest forms, no surrogates, nothing above U+10FFFF.
 *
 * Source   RFC 3629 section 4
 */
bool str_is_utf8(struct str text);

/* str_compare -- bytewise order, a prefix before what it begins: negative, 0, positive. */
int str_compare(struct str a, struct str b);

#endif
