/* expect.c -- see expect.h. */
#define _POSIX_C_SOURCE 200809L
#include "harness/expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

struct api_reply expect_answer_at(struct api_reply r, int status, const char *code, const char *file, int line)
{
    if (r.status == status && strcmp(r.code, code) == 0) return r;
    print_error("expected %d %s, came %d %s", status, code, r.status, r.code);
    if (r.detail & CBOR_KEY(API_FIELD)) print_error(" (field %s)", r.field);
    if (r.detail & CBOR_KEY(API_INDEX)) print_error(" (index %u)", (unsigned)r.index);
    print_error("\n");
    _fail(file, line);
    return r;
}

void expect_detail_at(struct api_reply r, const unsigned *key, size_t key_n, const char *file, int line)
{
    uint32_t wanted = 0;
    for (size_t i = 0; i < key_n; i++) wanted |= CBOR_KEY(key[i]);
    if (r.detail == wanted) return;
    print_error("%d %s: expected the details 0x%x, came 0x%x\n", r.status, r.code, (unsigned)wanted,
                (unsigned)r.detail);
    _fail(file, line);
}

void expect_same_at(struct town *town, size_t who, const struct town_state *before, const char *file, int line)
{
    struct town_state now = town_look(town, who);
    if (town_state_is(before, &now)) return;
    print_error("the record changed: %u entries before, %u now\n", (unsigned)before->entry_n, (unsigned)now.entry_n);
    _fail(file, line);
}

void expect_try_again(unsigned tries, const char *condition, const char *file, int line)
{
    struct timespec pause = {.tv_nsec = 5000000};
    if (tries >= 2000) {
        print_error("not within 10 s: %s\n", condition);
        _fail(file, line);
    }
    (void)nanosleep(&pause, NULL);
}
