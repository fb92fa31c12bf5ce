/* cmocka.c -- see cmocka.h beside it. */
#include <cmocka.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *running = "";

_Noreturn static void end(const char *file, int line)
{
    fflush(stdout);
    fprintf(stderr, "\n%s:%d: in %s\n", file, line, running);
    exit(1);
}

void cmocka_true(int is_true, const char *what, const char *file, int line)
{
    if (is_true) return;
    fprintf(stderr, "[  ERROR   ] --- %s\n", what);
    end(file, line);
}

void cmocka_int(uintmax_t a, uintmax_t b, int wants_equal, const char *what, const char *file, int line)
{
    if ((a == b) == (wants_equal != 0)) return;
    fprintf(stderr, "[  ERROR   ] --- %s: 0x%llx and 0x%llx\n", what, (unsigned long long)a, (unsigned long long)b);
    end(file, line);
}

void cmocka_memory(const void *a, const void *b, size_t n, int wants_equal, const char *what, const char *file,
                   int line)
{
    cmocka_true((memcmp(a, b, n) == 0) == (wants_equal != 0), what, file, line);
}

void cmocka_string(const char *a, const char *b, int wants_equal, const char *what, const char *file, int line)
{
    if ((strcmp(a, b) == 0) == (wants_equal != 0)) return;
    fprintf(stderr, "[  ERROR   ] --- %s: \"%s\" and \"%s\"\n", what, a, b);
    end(file, line);
}

void cmocka_print(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
}

void cmocka_fail(const char *file, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    end(file, line);
}

static void run(const struct CMUnitTest *test, void *shared)
{
    void *state = shared;
    running = test->name;
    if (test->setup != NULL) cmocka_true(test->setup(&state) == 0, "setup", __FILE__, __LINE__);
    test->test(&state);
    if (test->teardown != NULL) cmocka_true(test->teardown(&state) == 0, "teardown", __FILE__, __LINE__);
}

int cmocka_run_group(const struct CMUnitTest *test, size_t test_n, int (*setup)(void **state),
                     int (*teardown)(void **state))
{
    void *shared = NULL;
    if (setup != NULL) cmocka_true(setup(&shared) == 0, "group setup", __FILE__, __LINE__);
    for (size_t i = 0; i < test_n; i++) run(&test[i], shared);
    if (teardown != NULL) cmocka_true(teardown(&shared) == 0, "group teardown", __FILE__, __LINE__);
    printf("[  PASSED  ] %zu test(s).\n", test_n);
    return 0;
}
