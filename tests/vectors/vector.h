/* vector.h -- what a program of tests/vectors needs to compare and to count.
 *
 * These programs run natively and as WebAssembly, and must come out alike. So they read no file, need
 * no test library, and hold their vectors as hexadecimal text. Each check prints "ok NAME" or "FAIL
 * NAME"; vector_end prints the counts and gives the status for main to return.
 */
#ifndef TESTS_VECTORS_VECTOR_H
#define TESTS_VECTORS_VECTOR_H

#include <stdio.h>

#include "base/str.h"

static size_t vector_passed_n, vector_failed_n;

/* vector_check -- counts one check and says how it came out. */
static inline void vector_check(const char *name, bool is_right)
{
    if (is_right) {
        vector_passed_n++;
    } else {
        vector_failed_n++;
    }
    printf("%s %s\n", is_right ? "ok" : "FAIL", name);
}

/* vector_digit -- the value of a hexadecimal digit, lower or upper case. */
static inline unsigned vector_digit(char digit)
{
    if (digit >= '0' && digit <= '9') return (unsigned)(digit - '0');
    if (digit >= 'a' && digit <= 'f') return (unsigned)(digit - 'a') + 10;
    if (digit >= 'A' && digit <= 'F') return (unsigned)(digit - 'A') + 10;
    misuse("vector: a vector that is not hexadecimal");
}

/* vector_bytes -- hexadecimal text as bytes in memory of the caller's; too long a text is misuse. */
static inline struct str vector_bytes(const char *hex, uint8_t *bytes, size_t cap)
{
    size_t len = strlen(hex) / 2;
    EXPECT(strlen(hex) % 2 == 0 && len <= cap);
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(vector_digit(hex[2 * i]) << 4 | vector_digit(hex[2 * i + 1]));
    }
    return str_at(bytes, len);
}

/* vector_same -- checks that got is the bytes of the vector; shows both where it is not. */
static inline void vector_same(const char *name, struct str got, const char *expected_hex)
{
    bool is_same = got.len == strlen(expected_hex) / 2;
    for (size_t i = 0; is_same && i < got.len; i++) {
        is_same = got.at[i] == (vector_digit(expected_hex[2 * i]) << 4 | vector_digit(expected_hex[2 * i + 1]));
    }
    vector_check(name, is_same);
    if (is_same) return;
    printf("  expected %s\n  got      ", expected_hex);
    for (size_t i = 0; i < got.len; i++) printf("%02x", got.at[i]);
    printf("\n");
}

/* vector_end -- prints the counts; 0 if every check was right and there was one, else 1. */
static inline int vector_end(void)
{
    printf("%zu passed, %zu failed\n", vector_passed_n, vector_failed_n);
    return vector_failed_n > 0 || vector_passed_n == 0;
}

#endif
