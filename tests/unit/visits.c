/* visits.c -- a read token is good for its circle and its ten minutes, and for nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/race.h"
#include "harness/store_rig.h"
#include "server/visits.h"

#define BEGAN UINT64_C(1767225600000)

enum { CIRCLE = 1, ANOTHER = 2 };

struct token {
    uint8_t bytes[ACCOUNT_TOKEN_BYTES], hash[HASH_BYTES];
};

static struct visits visits;

static struct token add(unsigned circle, uint64_t now_ms)
{
    struct token token;
    assert_int_equal(visits_add(&visits, rig_key(circle), now_ms, token.bytes), now_ms + VISIT_MS);
    account_token_hash(token.hash, token.bytes);
    return token;
}

static bool may_read(const struct token *token, unsigned circle, uint64_t now_ms)
{
    return visits_may_read(&visits, token->hash, rig_key(circle), now_ms);
}

static int setup(void **state)
{
    (void)state;
    visits_init(&visits);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    visits_fini(&visits);
    return 0;
}

static void a_token_is_good_for_ten_minutes(void **state)
{
    (void)state;
    struct token token = add(CIRCLE, BEGAN);
    assert_true(may_read(&token, CIRCLE, BEGAN));
    assert_true(may_read(&token, CIRCLE, BEGAN + 10 * 60 * 1000 - 1));
    assert_false(may_read(&token, CIRCLE, BEGAN + 10 * 60 * 1000));
    assert_false(may_read(&token, CIRCLE, UINT64_MAX));
}

static void and_for_its_circle_only(void **state)
{
    (void)state;
    struct token token = add(CIRCLE, BEGAN), other = add(ANOTHER, BEGAN);
    assert_memory_not_equal(token.bytes, other.bytes, sizeof token.bytes);
    assert_true(may_read(&token, CIRCLE, BEGAN));
    assert_false(may_read(&token, ANOTHER, BEGAN));
    assert_true(may_read(&other, ANOTHER, BEGAN));
    assert_false(may_read(&other, CIRCLE, BEGAN));
}

static void no_other_token_is_good(void **state)
{
    (void)state;
    struct token token = add(CIRCLE, BEGAN), none = {.hash = {0}};
    static const uint8_t no_circle[HASH_BYTES];
    for (size_t i = 0; i < HASH_BYTES; i++) {
        token.hash[i] ^= 1;
        assert_false(may_read(&token, CIRCLE, BEGAN));
        token.hash[i] ^= 1;
    }
    assert_false(visits_may_read(&visits, none.hash, no_circle, 0)); /* an empty place is nobody's */
    assert_false(visits_may_read(&visits, token.bytes, rig_key(CIRCLE), BEGAN)); /* what is kept opens nothing */
    assert_true(may_read(&token, CIRCLE, BEGAN));
}

static void of_too_many_the_oldest_ends(void **state)
{
    (void)state;
    static struct token token[2 * VISITS_MAX];
    for (unsigned i = 0; i < VISITS_MAX; i++) token[i] = add(CIRCLE, BEGAN + (i + 100) % VISITS_MAX);
    for (unsigned i = 0; i < VISITS_MAX; i++) assert_true(may_read(&token[i], CIRCLE, BEGAN + 1000));
    unsigned oldest = VISITS_MAX - 100;
    for (unsigned more = 0; more < VISITS_MAX; more++) {
        token[VISITS_MAX + more] = add(ANOTHER, BEGAN + 1000 + more);
        assert_false(may_read(&token[(oldest + more) % VISITS_MAX], CIRCLE, BEGAN + 2000));
        if (more + 1 < VISITS_MAX) {
            assert_true(may_read(&token[(oldest + more + 1) % VISITS_MAX], CIRCLE, BEGAN + 2000));
        }
    }
    for (unsigned i = VISITS_MAX; i < 2 * VISITS_MAX; i++) assert_true(may_read(&token[i], ANOTHER, BEGAN + 2000));
}

enum { THREADS = 4, EACH = VISITS_MAX / THREADS };

static void visit(void *of)
{
    unsigned circle = *(const unsigned *)of;
    struct token token[EACH];
    for (unsigned i = 0; i < EACH; i++) {
        uint8_t id[HASH_BYTES];
        memset(id, (int)circle, sizeof id);
        (void)visits_add(&visits, id, BEGAN + i, token[i].bytes);
        account_token_hash(token[i].hash, token[i].bytes);
        for (unsigned k = 0; k <= i; k++) EXPECT(visits_may_read(&visits, token[k].hash, id, BEGAN + EACH));
        id[0] ^= 0x80;
        EXPECT(!visits_may_read(&visits, token[i].hash, id, BEGAN + EACH));
    }
}

static void threads_do_not_disturb_each_other(void **state)
{
    (void)state;
    unsigned number[THREADS];
    void *of[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        number[i] = i;
        of[i] = &number[i];
    }
    race_start(visit, of, THREADS);
}

static int open_record(void **state)
{
    (void)state;
    return record_open() == ERR_OK ? 0 : -1;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_token_is_good_for_ten_minutes), TEST(and_for_its_circle_only),
        TEST(no_other_token_is_good),          TEST(of_too_many_the_oldest_ends),
        TEST(threads_do_not_disturb_each_other),
    };
    return cmocka_run_group_tests(tests, open_record, NULL);
}
