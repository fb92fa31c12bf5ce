/* out.h -- a builder over memory of a fixed size. It fails once, stays failed, and is asked at the end.
 *
 * So a writer of a message needs no check at every step: whoever built it looks at is_full once.
 */
#ifndef BASE_OUT_H
#define BASE_OUT_H

#include "base/str.h"

struct out {
    uint8_t *at;
    size_t len, cap;
    bool is_full; /* something did not fit; what is in at[0..len) is not the whole */
};

#define OUT_OVER(array) ((struct out){.at = (array), .cap = sizeof(array)})

/* out_over -- an empty builder over cap bytes of the caller's. */
struct out out_over(void *at, size_t cap);

/* out_put -- appends bytes, or sets is_full and appends nothing. */
void out_put(struct out *o, struct str s) NONNULL;

/* out_put_byte, out_put_be64 -- one byte; a number in eight bytes, most significant first. */
void out_put_byte(struct out *o, uint8_t byte) NONNULL;
void out_put_be64(struct out *o, uint64_t n) NONNULL;

/* out_put_decimal, out_put_hex -- a number in decimal digits; bytes in lower-case hexadecimal. */
void out_put_decimal(struct out *o, uint64_t n) NONNULL;
void out_put_hex(struct out *o, struct str s) NONNULL;

/* out_text -- appends a C string without its NUL. */
void out_text(struct out *o, const char *text) NONNULL;

/* out_str -- what was built; {NULL, 0} if it did not fit. */
struct str out_str(const struct out *o) NONNULL;

#endif
