/* local.c -- what a device keeps for itself: it opens in its own place only, and its length says little. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "device/local.h"

static struct secret_identity ana, ben;
static const uint8_t circle[HASH_BYTES] = {1}, other_circle[HASH_BYTES] = {2};

static int setup(void **state)
{
    const uint8_t seed[2][SEED_BYTES] = {{1}, {2}};
    (void)state;
    assert_int_equal(record_open(), ERR_OK);
    secret_identity_init(&ana, seed[0]);
    secret_identity_init(&ben, seed[1]);
    return 0;
}

static struct str sealed(uint8_t *memory, size_t cap, struct local_place place, struct str text)
{
    struct out field = out_over(memory, cap);
    local_seal(&field, &ana, &place, text);
    assert_false(field.is_full);
    return out_str(&field);
}

static enum err opened(const struct secret_identity *me, struct local_place place, struct str field, struct str *text)
{
    static uint8_t memory[4096];
    return local_open(memory, me, &place, field, text);
}

static void every_length_comes_back(void **state)
{
    uint8_t memory[1024], words[300];
    struct str text;
    struct local_place place = {STR("item"), circle, STR("row")};
    (void)state;
    memset(words, 'w', sizeof words);
    for (size_t n = 0; n < sizeof words; n++) {
        struct str field = sealed(memory, sizeof memory, place, str_at(words, n));
        assert_int_equal(field.len, local_sealed_bytes(n));
        assert_int_equal((field.len - LOCAL_SEAL_BYTES) % LOCAL_STEP_BYTES, 0);
        assert_int_equal(opened(&ana, place, field, &text), ERR_OK);
        assert_true(str_is(text, str_at(words, n)));
    }
}

static void no_field_opens_in_anothers_place(void **state)
{
    uint8_t memory[256];
    struct str text;
    const struct local_place place = {STR("item"), circle, STR("row")};
    const struct local_place wrong[] = {{STR("items"), circle, STR("row")}, {STR("ite"), circle, STR("row")},
                                        {STR("item"), other_circle, STR("row")}, {STR("item"), NULL, STR("row")},
                                        {STR("item"), circle, STR("rows")}, {STR("item"), circle, STR("")}};
    (void)state;
    struct str field = sealed(memory, sizeof memory, place, STR("a promise"));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(opened(&ana, wrong[i], field, &text), ERR_WRONG_SECRET);
    }
    assert_int_equal(opened(&ben, place, field, &text), ERR_WRONG_SECRET);
    for (size_t i = 0; i < field.len; i++) {
        memory[i] ^= 1;
        assert_int_equal(opened(&ana, place, field, &text), ERR_WRONG_SECRET);
        memory[i] ^= 1;
    }
    for (size_t n = 0; n < field.len; n++) {
        assert_int_equal(opened(&ana, place, str_at(memory, n), &text), ERR_WRONG_SECRET);
    }
    assert_int_equal(opened(&ana, place, field, &text), ERR_OK);
}

static void what_does_not_fit_is_told(void **state)
{
    uint8_t memory[103];
    struct out field = OUT_OVER(memory);
    struct local_place place = {STR("item"), circle, STR("row")};
    (void)state;
    local_seal(&field, &ana, &place, STR("a promise"));
    assert_true(field.is_full && field.len == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_comes_back),
        cmocka_unit_test(no_field_opens_in_anothers_place),
        cmocka_unit_test(what_does_not_fit_is_told),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
