/* cmocka.h -- the part of cmocka's interface that the core's unit tests use, for wasm32, where cmocka itself cannot be
 * compiled: it needs setjmp and signals.
 *
 * The tests are the same files. The one difference: what fails ends the program there and then, and no later test of
 * that program runs. tests/harness/wasm/cmocka.c has the rest.
 */
#ifndef HARNESS_WASM_CMOCKA_H
#define HARNESS_WASM_CMOCKA_H

#include <stddef.h>
#include <stdint.h>

struct CMUnitTest {
    const char *name;
    void (*test)(void **state);
    int (*setup)(void **state);
    int (*teardown)(void **state);
};

#define cmocka_unit_test(f) {#f, f, NULL, NULL}
#define cmocka_unit_test_setup_teardown(f, setup, teardown) {#f, f, setup, teardown}
#define cmocka_run_group_tests(tests, setup, teardown)                                                              \
    cmocka_run_group(tests, sizeof(tests) / sizeof((tests)[0]), setup, teardown)

int cmocka_run_group(const struct CMUnitTest *test, size_t test_n, int (*setup)(void **state),
                     int (*teardown)(void **state));

/* cmocka_true -- ends the program, saying what and where, unless it is true. */
void cmocka_true(int is_true, const char *what, const char *file, int line);
void cmocka_int(uintmax_t a, uintmax_t b, int wants_equal, const char *what, const char *file, int line);
void cmocka_memory(const void *a, const void *b, size_t n, int wants_equal, const char *what, const char *file,
                   int line);
void cmocka_string(const char *a, const char *b, int wants_equal, const char *what, const char *file, int line);
void cmocka_fail(const char *file, int line, const char *format, ...) __attribute__((format(printf, 3, 4), noreturn));

#define CMOCKA_HERE __FILE__, __LINE__
#define assert_true(c) cmocka_true((c) ? 1 : 0, #c, CMOCKA_HERE)
#define assert_false(c) cmocka_true((c) ? 0 : 1, "not: " #c, CMOCKA_HERE)
#define assert_null(p) cmocka_true((p) == NULL, #p " is NULL", CMOCKA_HERE)
#define assert_non_null(p) cmocka_true((p) != NULL, #p " is not NULL", CMOCKA_HERE)
#define assert_ptr_equal(a, b) cmocka_true((const void *)(a) == (const void *)(b), #a " == " #b, CMOCKA_HERE)
#define assert_ptr_not_equal(a, b) cmocka_true((const void *)(a) != (const void *)(b), #a " != " #b, CMOCKA_HERE)
#define assert_int_equal(a, b) cmocka_int((uintmax_t)(a), (uintmax_t)(b), 1, #a " == " #b, CMOCKA_HERE)
#define assert_int_not_equal(a, b) cmocka_int((uintmax_t)(a), (uintmax_t)(b), 0, #a " != " #b, CMOCKA_HERE)
#define assert_in_range(a, low, high)                                                                               \
    cmocka_true((uintmax_t)(a) >= (uintmax_t)(low) && (uintmax_t)(a) <= (uintmax_t)(high), #a " in " #low " to " #high, \
                CMOCKA_HERE)
#define assert_memory_equal(a, b, n) cmocka_memory((a), (b), (n), 1, #a " == " #b, CMOCKA_HERE)
#define assert_memory_not_equal(a, b, n) cmocka_memory((a), (b), (n), 0, #a " != " #b, CMOCKA_HERE)
#define assert_string_equal(a, b) cmocka_string((a), (b), 1, #a " == " #b, CMOCKA_HERE)
#define assert_string_not_equal(a, b) cmocka_string((a), (b), 0, #a " != " #b, CMOCKA_HERE)
#define fail() cmocka_fail(CMOCKA_HERE, "fail()")
#define fail_msg(...) cmocka_fail(CMOCKA_HERE, __VA_ARGS__)

/* For helpers that are told where they were called. */
#define _assert_true(is_true, what, file, line) cmocka_true((is_true) ? 1 : 0, (what), (file), (line))
#define _assert_int_equal(a, b, file, line) cmocka_int((uintmax_t)(a), (uintmax_t)(b), 1, #a " == " #b, (file), (line))
#define _assert_memory_equal(a, b, n, file, line) cmocka_memory((a), (b), (n), 1, #a " == " #b, (file), (line))
#define _fail(file, line) cmocka_fail((file), (line), "fail()")
#define print_error(...) cmocka_print(__VA_ARGS__)
#define print_message(...) cmocka_print(__VA_ARGS__)
void cmocka_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
