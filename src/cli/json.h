/* json.h -- a small strict writer of JSON: one value, on one line, written as it goes.
 *
 * Text that is no UTF-8 gets U+FFFD where it is not; controls are escaped. Numbers are whole and at most 2^53 - 1, so
 * that every reader has them exactly. Opening, closing and naming in the wrong order is misuse.
 *
 * Source   RFC 8259
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdio.h>

#include "base/str.h"

enum { JSON_DEPTH = 16 };

struct json {
    FILE *_to;
    unsigned _depth;
    char _closes[JSON_DEPTH]; /* what ends each that is open: '}' or ']' */
    bool _has_members[JSON_DEPTH];
    bool _is_named;           /* a name was written, and its value not yet */
    bool has_failed;          /* something could not be written            */
};

/* json_init -- a writer with nothing written. */
void json_init(struct json *json, FILE *to) NONNULL;

/* json_open, json_open_list, json_close -- an object; a list; the end of the innermost. When the outermost closes,
 * the line ends. */
void json_open(struct json *json) NONNULL;
void json_open_list(struct json *json) NONNULL;
void json_close(struct json *json) NONNULL;

/* json_name -- the name of the next value, in an object. Our own ASCII. */
void json_name(struct json *json, const char *name) NONNULL;

/* One value each: in a list, or behind json_name. */
void json_text(struct json *json, struct str text) NONNULL;
void json_number(struct json *json, uint64_t n) NONNULL;
void json_bool(struct json *json, bool is) NONNULL;
void json_null(struct json *json) NONNULL;
void json_hex(struct json *json, struct str bytes) NONNULL;

/* A member of an object: json_name and the value. json_put_c is for our own C strings; NULL is null. */
void json_put(struct json *json, const char *name, struct str text) NONNULL;
void json_put_c(struct json *json, const char *name, const char *text) __attribute__((nonnull(1, 2)));
void json_put_number(struct json *json, const char *name, uint64_t n) NONNULL;
void json_put_bool(struct json *json, const char *name, bool is) NONNULL;
void json_put_hex(struct json *json, const char *name, struct str bytes) NONNULL;

#endif
