/* challenge.c -- a server's question: its own, fresh, unchanged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "record/challenge.h"
#include "vectors/vector.h"

enum { MINUTE_MS = 60 * 1000 };
static const uint64_t made_ms = UINT64_C(1767225600000);
static uint8_t server_secret[KEY_BYTES];

static void it_is_good_for_two_minutes(void **state)
{
    (void)state;
    uint8_t challenge[CHALLENGE_BYTES];
    challenge_make(challenge, server_secret, made_ms);
    assert_int_equal(challenge_check(challenge, server_secret, made_ms), ERR_OK);
    assert_int_equal(challenge_check(challenge, server_secret, made_ms + MINUTE_MS), ERR_OK);
    assert_int_equal(challenge_check(challenge, server_secret, made_ms + 2 * MINUTE_MS), ERR_OK);
    assert_int_equal(challenge_check(challenge, server_secret, made_ms + 2 * MINUTE_MS + 1), ERR_BAD_CHALLENGE);
    assert_int_equal(challenge_check(challenge, server_secret, UINT64_MAX), ERR_BAD_CHALLENGE);
}

static void from_the_future_it_is_refused(void **state)
{
    (void)state;
    uint8_t challenge[CHALLENGE_BYTES];
    challenge_make(challenge, server_secret, made_ms);
    assert_int_equal(challenge_check(challenge, server_secret, made_ms - 1), ERR_BAD_CHALLENGE);
    assert_int_equal(challenge_check(challenge, server_secret, 0), ERR_BAD_CHALLENGE);
}

static void another_servers_or_a_changed_one_is_refused(void **state)
{
    (void)state;
    uint8_t challenge[CHALLENGE_BYTES], other_secret[KEY_BYTES] = {1};
    challenge_make(challenge, server_secret, made_ms);
    assert_int_equal(challenge_check(challenge, other_secret, made_ms), ERR_BAD_CHALLENGE);
    for (size_t i = 0; i < sizeof challenge; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            challenge[i] ^= (uint8_t)(1u << bit);
            assert_int_equal(challenge_check(challenge, server_secret, made_ms), ERR_BAD_CHALLENGE);
            challenge[i] ^= (uint8_t)(1u << bit);
        }
    }
    assert_int_equal(challenge_check(challenge, server_secret, made_ms), ERR_OK);
}

static void no_two_are_alike(void **state)
{
    (void)state;
    uint8_t a[CHALLENGE_BYTES], b[CHALLENGE_BYTES];
    challenge_make(a, server_secret, made_ms);
    challenge_make(b, server_secret, made_ms);
    assert_memory_equal(a, b, 8); /* the time */
    assert_memory_not_equal(a + 8, b + 8, 8);
}

/* Computed by another program, from the secret 70 71 72 … and the random bytes 01 02 03 … */
static void it_has_the_form_of_the_protocol(void **state)
{
    (void)state;
    uint8_t secret[KEY_BYTES], challenge[CHALLENGE_BYTES];
    for (size_t i = 0; i < sizeof secret; i++) secret[i] = (uint8_t)(0x70 + i);
    vector_bytes("0000019b76daa8000102030405060708a1f03ba86a93285ea9d2f1eeafb68c71", challenge, sizeof challenge);
    assert_int_equal(challenge_check(challenge, secret, made_ms), ERR_OK);
    assert_int_equal(challenge_check(challenge, secret, made_ms - 1), ERR_BAD_CHALLENGE);
}

static int open_record(void **state)
{
    (void)state;
    return record_open() == ERR_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_good_for_two_minutes),
        cmocka_unit_test(from_the_future_it_is_refused),
        cmocka_unit_test(another_servers_or_a_changed_one_is_refused),
        cmocka_unit_test(no_two_are_alike),
        cmocka_unit_test(it_has_the_form_of_the_protocol),
    };
    return cmocka_run_group_tests(tests, open_record, NULL);
}
