/* code.c -- the text of a secret: written, read as people type it, and its slips found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base32.h"
#include "record/code.h"

/* The secret 10 11 12 … 23 and its text, made by another program. */
static const char text_of_sample[] = "T1-208H-44RM-2MB1-E60S-38DH-R78Y-3WG2-28H3-BJEJ";

static void sample_fill(uint8_t secret[static SECRET_BYTES])
{
    for (size_t i = 0; i < SECRET_BYTES; i++) secret[i] = (uint8_t)(0x10 + i);
}

static void assert_sample(enum code_kind kind, struct str text)
{
    uint8_t read[SECRET_BYTES], sample[SECRET_BYTES];
    struct why why;
    sample_fill(sample);
    assert_int_equal(code_read(kind, text, read, &why), ERR_OK);
    assert_memory_equal(read, sample, sizeof read);
}

/* Refused, with nothing given out; says where to look. */
static struct why assert_refused(enum code_kind kind, struct str text)
{
    uint8_t read[SECRET_BYTES];
    struct why why = {0};
    memset(read, 0xa5, sizeof read);
    assert_int_equal(code_read(kind, text, read, &why), ERR_BAD_CODE);
    for (size_t i = 0; i < sizeof read; i++) assert_int_equal(read[i], 0xa5);
    assert_int_equal(why.code, ERR_BAD_CODE);
    assert_non_null(why.field);
    assert_non_null(why.text);
    return why;
}

static void a_secret_is_written_in_nine_groups(void **state)
{
    (void)state;
    static const char letter[] = "TPJ";
    static const enum code_kind kind[] = {CODE_ACCOUNT, CODE_PERMIT, CODE_INVITE};
    uint8_t sample[SECRET_BYTES];
    sample_fill(sample);
    for (size_t i = 0; i < 3; i++) {
        uint8_t room[CODE_TEXT_BYTES];
        struct out o = OUT_OVER(room);
        code_put(&o, kind[i], sample);
        assert_int_equal(out_str(&o).len, CODE_TEXT_BYTES);
        assert_int_equal(room[0], letter[i]);
        assert_memory_equal(room + 1, text_of_sample + 1, CODE_TEXT_BYTES - 1);
        assert_sample(kind[i], out_str(&o));
    }
}

static void it_is_read_as_people_type_it(void **state)
{
    (void)state;
    assert_sample(CODE_ACCOUNT, STR("T1208H44RM2MB1E60S38DHR78Y3WG228H3BJEJ"));
    assert_sample(CODE_ACCOUNT, STR("t1-208h-44rm-2mb1-e60s-38dh-r78y-3wg2-28h3-bjej"));
    assert_sample(CODE_ACCOUNT, STR("  T1 208H 44RM 2MB1 E60S 38DH\r\n\tR78Y 3WG2 28H3 BJEJ\n"));
    assert_sample(CODE_ACCOUNT, STR("TI-2O8H-44RM-2MBl-E6oS-38DH-R78Y-3WG2-28H3-BJEJ"));
    assert_sample(CODE_ACCOUNT, STR("-t-1-20-8H44-RM2MB1E60S38DHR78Y3WG228H3BJE-J-"));
    assert_sample(CODE_PERMIT, STR("p1-208h-44rm-2mb1-e60s-38dh-r78y-3wg2-28h3-bjej"));
    assert_sample(CODE_INVITE, STR("jL 208h 44rm 2mb1 e60s 38dh r78y 3wg2 28h3 bjej"));
}

static void another_beginning_is_named(void **state)
{
    (void)state;
    assert_string_equal(assert_refused(CODE_ACCOUNT, STR("P1-208H-44RM-2MB1-E60S-38DH-R78Y-3WG2-28H3-BJEJ")).text,
                        "An account code begins with T1-.");
    assert_string_equal(assert_refused(CODE_PERMIT, str_of_text(text_of_sample)).text, "A permit begins with P1-.");
    assert_string_equal(assert_refused(CODE_INVITE, str_of_text(text_of_sample)).text,
                        "An invitation begins with J1-.");
    struct str other[] = {
        STR("T2-208H-44RM-2MB1-E60S-38DH-R78Y-3WG2-28H3-BJEJ"), STR("208H-44RM-2MB1-E60S-38DH-R78Y-3WG2-28H3-BJEJ"),
        STR("T"), STR("hello"), STR("\x14\x31"), STR("T\xff"),
    };
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        struct why why = assert_refused(CODE_ACCOUNT, other[i]);
        assert_string_equal(why.text, "An account code begins with T1-.");
        assert_int_equal(why.at, 0);
    }
}

static void every_shorter_and_longer_text_is_refused(void **state)
{
    (void)state;
    char longer[2 * CODE_TEXT_BYTES];
    memcpy(longer, text_of_sample, CODE_TEXT_BYTES);
    memset(longer + CODE_TEXT_BYTES, 'Z', CODE_TEXT_BYTES);
    for (size_t n = 0; n < sizeof longer; n++) {
        if (n == CODE_TEXT_BYTES) continue;
        struct why why = assert_refused(CODE_ACCOUNT, str_at(longer, n));
        if (n == 1) continue; /* the beginning is not whole: said in another test */
        assert_string_equal(why.text, n < CODE_TEXT_BYTES ? "It is too short: characters are missing."
                                                          : "It is too long: there are characters too many.");
    }
}

static void a_character_that_is_no_digit_is_placed(void **state)
{
    (void)state;
    static const char stranger[] = "Uu*_.\x7f\x80\xff";
    for (size_t i = 3; i < CODE_TEXT_BYTES; i++) {
        char text[CODE_TEXT_BYTES];
        memcpy(text, text_of_sample, sizeof text);
        if (text[i] == '-') continue;
        text[i] = stranger[i % (sizeof stranger)]; /* its NUL too */
        struct why why = assert_refused(CODE_ACCOUNT, str_at(text, sizeof text));
        assert_int_equal(why.at, (i - 3) / 5 + 1);
        assert_string_equal(why.text, "This group has a character that no code has.");
    }
}

static void one_wrong_character_is_found_in_its_group(void **state)
{
    (void)state;
    for (size_t i = 3; i < CODE_TEXT_BYTES; i++) {
        if (text_of_sample[i] == '-') continue;
        int right = base32_value((uint8_t)text_of_sample[i]);
        for (unsigned off = 1; off < 32; off += 6) {
            uint8_t text[CODE_TEXT_BYTES];
            memcpy(text, text_of_sample, sizeof text);
            text[i] = base32_digit(((unsigned)right + off) % 32);
            struct why why = assert_refused(CODE_ACCOUNT, STR_OF(text));
            assert_int_equal(why.at, (i - 3) / 5 + 1);
            assert_string_equal(why.text, "One character of this group is wrong.");
        }
    }
}

static void two_neighbours_swapped_are_found(void **state)
{
    (void)state;
    size_t tried_n = 0;
    for (size_t i = 3; i + 1 < CODE_TEXT_BYTES; i++) {
        uint8_t text[CODE_TEXT_BYTES];
        size_t next = text_of_sample[i + 1] == '-' ? i + 2 : i + 1;
        memcpy(text, text_of_sample, sizeof text);
        if (text[i] == '-' || text[i] == text[next]) continue;
        text[i] = (uint8_t)text_of_sample[next];
        text[next] = (uint8_t)text_of_sample[i];
        struct why why = assert_refused(CODE_ACCOUNT, STR_OF(text));
        assert_int_equal(why.at, (i - 3) / 5 + 1);
        assert_string_equal(why.text, next == i + 1
                                          ? "Two neighbouring characters of this group are swapped."
                                          : "The last character of this group and the first of the next are swapped.");
        tried_n++;
    }
    assert_true(tried_n > 30);
}

static void where_more_is_wrong_no_place_is_named(void **state)
{
    (void)state;
    struct str wrong[] = {
        STR("T1-308H-44RM-2MB1-E60S-38DH-R78Y-3WG2-28H3-BJEK"), STR("T1-0000-0000-0000-0000-0000-0000-0000-0000-0000"),
        STR("T1-44RM-208H-2MB1-E60S-38DH-R78Y-3WG2-28H3-BJEJ"), STR("T1-208H-44RM-2MB1-E60S-38DH-R78Y-3WG2-28H3-JEJB"),
        STR("T1-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ"),
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct why why = assert_refused(CODE_ACCOUNT, wrong[i]);
        assert_int_equal(why.at, 0);
        assert_string_equal(why.text, "Something is wrong, in more than one place: compare every group.");
    }
}

static void many_secrets_come_back(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) {
        uint8_t secret[SECRET_BYTES], read[SECRET_BYTES], room[CODE_TEXT_BYTES];
        struct out o = OUT_OVER(room);
        struct why why;
        random_fill(secret, sizeof secret);
        code_put(&o, CODE_INVITE, secret);
        assert_int_equal(code_read(CODE_INVITE, out_str(&o), read, &why), ERR_OK);
        assert_memory_equal(read, secret, sizeof read);
    }
}

static int open_record(void **state)
{
    (void)state;
    return record_open() == ERR_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_is_written_in_nine_groups),
        cmocka_unit_test(it_is_read_as_people_type_it),
        cmocka_unit_test(another_beginning_is_named),
        cmocka_unit_test(every_shorter_and_longer_text_is_refused),
        cmocka_unit_test(a_character_that_is_no_digit_is_placed),
        cmocka_unit_test(one_wrong_character_is_found_in_its_group),
        cmocka_unit_test(two_neighbours_swapped_are_found),
        cmocka_unit_test(where_more_is_wrong_no_place_is_named),
        cmocka_unit_test(many_secrets_come_back),
    };
    return cmocka_run_group_tests(tests, open_record, NULL);
}
