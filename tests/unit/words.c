/* words.c -- what may stand in an act: [F7] to [F10], [F12]. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/random.h"
#include "practice/words.h"

static void F7_words_are_not_empty(void **state)
{
    (void)state;
    assert_int_equal(words_check(STR("")), LAW_WORDS_EMPTY);
    assert_int_equal(words_check(STR("x")), LAW_OK);
    assert_int_equal(words_check(STR("\n")), LAW_OK);
}

static void F8_words_are_not_endless(void **state)
{
    (void)state;
    static uint8_t long_words[WORDS_BYTES + 1];
    memset(long_words, 'x', sizeof long_words);
    assert_int_equal(words_check(str_at(long_words, WORDS_BYTES)), LAW_OK);
    assert_int_equal(words_check(STR_OF(long_words)), LAW_WORDS_TOO_LONG);
}

static void F9_every_character_can_be_shown_wherever_it_stands(void **state)
{
    (void)state;
    for (unsigned at = 0; at < 40; at++) {
        uint8_t words[41];
        for (unsigned byte = 0; byte < 256; byte++) {
            memset(words, 'a', sizeof words);
            words[at] = (uint8_t)byte;
            bool is_shown = byte == '\n' || (byte >= ' ' && byte < 0x7f);
            assert_int_equal(words_check(STR_OF(words)), is_shown ? LAW_OK : LAW_WORDS_CHARACTERS);
        }
        memset(words, 'a', sizeof words);
        memcpy(words + at, "\xc2\x9f", 2); /* a control that is not of ASCII */
        assert_int_equal(words_check(STR_OF(words)), LAW_WORDS_CHARACTERS);
        memcpy(words + at, "\xc2\xa0", 2);
        assert_int_equal(words_check(STR_OF(words)), LAW_OK);
    }
    assert_int_equal(words_check(STR("Grüße, 你好, 🌱\nund ein Zeilenende")), LAW_OK);
    assert_int_equal(words_check(STR("\xed\xa0\x80")), LAW_WORDS_CHARACTERS);
    assert_int_equal(words_check(STR("a\r\nb")), LAW_WORDS_CHARACTERS);
}

/* Said once more, slowly. */
static bool is_shown(struct str s)
{
    if (!str_is_utf8(s)) return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] < 32 && s.at[i] != 10) return false;
        if (s.at[i] == 127 || (s.at[i] == 0xc2 && s.at[i + 1] < 0xa0)) return false;
    }
    return true;
}

static void F9_holds_for_any_bytes(void **state)
{
    (void)state;
    struct random r;
    uint8_t words[48];
    random_init(&r, "which words can be shown");
    for (unsigned i = 0; i < 200000; i++) {
        size_t n = (size_t)random_between(&r, 1, sizeof words);
        for (size_t k = 0; k < n; k++) {
            words[k] = random_is_one_in(&r, 12) ? (uint8_t)random_u64(&r) : (uint8_t)random_between(&r, ' ', '~');
        }
        bool is_good = words_check(str_at(words, n)) == LAW_OK;
        assert_int_equal(is_good, is_shown(str_at(words, n)));
    }
}

static void F10_a_name_is_one_line(void **state)
{
    (void)state;
    static uint8_t long_name[WORDS_NAME_BYTES + 1];
    memset(long_name, 'x', sizeof long_name);
    assert_int_equal(words_check_name(STR("Ana")), LAW_OK);
    assert_int_equal(words_check_name(STR("Ana María")), LAW_OK);
    assert_int_equal(words_check_name(str_at(long_name, WORDS_NAME_BYTES)), LAW_OK);
    assert_int_equal(words_check_name(STR_OF(long_name)), LAW_NAME);
    assert_int_equal(words_check_name(STR("")), LAW_NAME);
    assert_int_equal(words_check_name(STR(" Ana")), LAW_NAME);
    assert_int_equal(words_check_name(STR("Ana ")), LAW_NAME);
    assert_int_equal(words_check_name(STR("Ana\nBen")), LAW_NAME);
    assert_int_equal(words_check_name(STR("A\x1b[2J")), LAW_NAME);
}

static void F12_a_zone_is_called_like_one(void **state)
{
    (void)state;
    static const char *const good[] = {"UTC", "Europe/Madrid", "America/Argentina/Buenos_Aires", "Etc/GMT+10",
                                       "America/Port-au-Prince", "Zulu", "Asia/Gaza", "GMT-9"};
    static const char *const bad[] = {"", "/Madrid", "Europe/", "Europe//Madrid", "../etc", "Europe/Madrid ", "+2",
                                      "Euröpe", "Europe\nMadrid"};
    static uint8_t long_zone[WORDS_ZONE_BYTES + 1];
    memset(long_zone, 'x', sizeof long_zone);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(words_check_zone(str_of_text(good[i])), LAW_OK);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(words_check_zone(str_of_text(bad[i])), LAW_ZONE);
    }
    assert_int_equal(words_check_zone(str_at(long_zone, WORDS_ZONE_BYTES)), LAW_OK);
    assert_int_equal(words_check_zone(STR_OF(long_zone)), LAW_ZONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(F7_words_are_not_empty),
        cmocka_unit_test(F8_words_are_not_endless),
        cmocka_unit_test(F9_every_character_can_be_shown_wherever_it_stands),
        cmocka_unit_test(F9_holds_for_any_bytes),
        cmocka_unit_test(F10_a_name_is_one_line),
        cmocka_unit_test(F12_a_zone_is_called_like_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
