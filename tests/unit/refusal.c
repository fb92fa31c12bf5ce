/* refusal.c -- what each error means that a server can give for a batch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "device/refusal.h"

#define NOW_MS UINT64_C(1770000000000)

static void places_are_signed_anew(void **state)
{
    (void)state;
    const enum err of_place[] = {ERR_HEAD_MOVED, ERR_ID_TAKEN, ERR_ROTATE_REQUIRED, ERR_EPOCH_STALE};
    for (size_t i = 0; i < 4; i++) assert_int_equal(refusal_of(of_place[i], 0, NOW_MS), REFUSAL_OF_PLACE);
}

/* Nothing that says only that a server cannot now may ever cost a person their words. */
static void what_passes_keeps_the_bytes(void **state)
{
    (void)state;
    for (int e = ERR_NO_MEMORY; e <= ERR_STOPPING; e++) {
        assert_int_equal(refusal_of((enum err)e, 0, NOW_MS), REFUSAL_PASSING);
    }
    const enum err passing[] = {ERR_OFFLINE, ERR_BAD_SERVER, ERR_NO_SESSION, ERR_SLOW_DOWN, ERR_QUOTA, ERR_MISSING_BLOB,
                                ERR_WRONG_ORIGIN};
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++) {
        assert_int_equal(refusal_of(passing[i], 0, NOW_MS), REFUSAL_PASSING);
    }
}

static void a_time_is_old_or_a_clock_is_wrong(void **state)
{
    (void)state;
    const uint64_t off_ms = LIMIT_CLOCK_SKEW_MS;
    assert_int_equal(refusal_of(ERR_CLOCK_SKEW, NOW_MS, NOW_MS), REFUSAL_OF_TIME);
    assert_int_equal(refusal_of(ERR_CLOCK_SKEW, NOW_MS + off_ms - 1, NOW_MS), REFUSAL_OF_TIME);
    assert_int_equal(refusal_of(ERR_CLOCK_SKEW, NOW_MS - off_ms + 1, NOW_MS), REFUSAL_OF_TIME);
    assert_int_equal(refusal_of(ERR_CLOCK_SKEW, NOW_MS + off_ms, NOW_MS), REFUSAL_OF_CLOCK);
    assert_int_equal(refusal_of(ERR_CLOCK_SKEW, NOW_MS - off_ms, NOW_MS), REFUSAL_OF_CLOCK);
    assert_int_equal(refusal_of(ERR_CLOCK_SKEW, 0, NOW_MS), REFUSAL_OF_CLOCK);
}

static void the_rest_is_the_items_own(void **state)
{
    (void)state;
    const enum err of_item[] = {ERR_INVITE_VOID, ERR_INVITE_USED, ERR_FULL, ERR_CONSENT_GIVEN, ERR_BAD_REDACT,
                                ERR_NOT_MEMBER, ERR_BAD_ENTRY, ERR_TOO_LARGE};
    for (size_t i = 0; i < sizeof of_item / sizeof *of_item; i++) {
        assert_int_equal(refusal_of(of_item[i], 0, NOW_MS), REFUSAL_OF_ITEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_signed_anew),
        cmocka_unit_test(what_passes_keeps_the_bytes),
        cmocka_unit_test(a_time_is_old_or_a_clock_is_wrong),
        cmocka_unit_test(the_rest_is_the_items_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
