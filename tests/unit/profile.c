/* profile.c -- a member's card comes back as it was put, and no other text is one. [F5], [F10] to [F12], [F15] */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/fold.h"

static uint8_t room[512];

static struct str put(const struct profile *profile)
{
    struct out o = OUT_OVER(room);
    profile_put(&o, profile);
    assert_false(o.is_full);
    return out_str(&o);
}

static const struct profile anas = {.name = {(const uint8_t *)"Ana", 3}, .colour = 11,
                                    .zone = {(const uint8_t *)"Europe/Madrid", 13}, .written_ms = 7};

static void what_is_put_comes_back(void **state)
{
    (void)state;
    struct profile read, plain = anas;
    assert_int_equal(profile_read(put(&anas), &read), LAW_OK);
    assert_true(str_is(read.name, anas.name) && str_is(read.zone, anas.zone));
    assert_true(read.colour == 11 && read.written_ms == 7);
    plain.written_ms = 0;
    assert_int_equal(profile_read(put(&plain), &read), LAW_OK);
    assert_int_equal(read.written_ms, 0);
}

static void F11_a_colour_is_one_of_twelve(void **state)
{
    (void)state;
    struct profile profile = anas;
    profile.colour = PROFILE_COLOURS;
    assert_int_equal(profile_check(&profile), LAW_COLOUR);
    profile.name = STR(" ");
    assert_int_equal(profile_check(&profile), LAW_NAME);
    profile = anas;
    profile.zone = STR("here");
    assert_int_equal(profile_check(&profile), LAW_OK); /* whether there is such a zone nobody asks here */
    profile.zone = STR("over there");
    assert_int_equal(profile_check(&profile), LAW_ZONE);
}

static void another_text_is_no_card(void **state)
{
    (void)state;
    uint8_t changed[sizeof room];
    struct str text = put(&anas);
    struct profile read = {.colour = 5};
    for (size_t n = 0; n < text.len; n++) {
        assert_int_equal(profile_read(str_at(text.at, n), &read), LAW_UNREADABLE);
    }
    memcpy(changed, text.at, text.len);
    changed[2] = PAYLOAD_NOTE;
    assert_int_equal(profile_read(str_at(changed, text.len), &read), LAW_UNREADABLE);
    memcpy(changed, text.at, text.len);
    changed[9] = 0x0c; /* the colour */
    assert_int_equal(profile_read(str_at(changed, text.len), &read), LAW_COLOUR);
    assert_int_equal(read.colour, 5);
    assert_int_equal(profile_read(STR("\xa5\x01\x01\x02\x61" "A\x03\x00\x04\x63UTC\x05\x00"), &read), LAW_NEWER);
    assert_int_equal(profile_read(STR("\xa3\x01\x01\x02\x61" "A\x03\x00"), &read), LAW_UNREADABLE);
    assert_int_equal(profile_read(STR("\xa4\x01\x01\x02\x41" "A\x03\x00\x04\x63UTC"), &read), LAW_UNREADABLE);
}

static void F15_the_last_card_of_each_counts(void **state)
{
    (void)state;
    struct fold f;
    struct profile second = anas, bens = anas;
    second.name = STR("Ana María");
    bens.name = STR("Ben");
    bens.colour = 3;
    fold_init_two(&f);
    const struct member *ana = state_find_member(&f.state, fold_pk(ANA));
    const struct member *ben = state_find_member(&f.state, fold_pk(BEN));
    assert_false(ana->has_profile);
    assert_int_equal(fold_text(&f, ANA, put(&anas)), LAW_OK);
    assert_int_equal(fold_text(&f, BEN, put(&bens)), LAW_OK);
    assert_int_equal(fold_text(&f, ANA, put(&second)), LAW_OK);
    assert_int_equal(fold_text(&f, ANA, STR("\xa4\x01\x01\x02\x60\x03\x00\x04\x63UTC")), LAW_NAME);
    assert_true(ana->has_profile && str_is(ana->profile.name, STR("Ana María")));
    assert_true(ben->has_profile && str_is(ben->profile.name, STR("Ben")) && ben->profile.colour == 3);
    fold_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_comes_back),
        cmocka_unit_test(F11_a_colour_is_one_of_twelve),
        cmocka_unit_test(another_text_is_no_card),
        cmocka_unit_test(F15_the_last_card_of_each_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
