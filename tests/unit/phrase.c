/* phrase.c -- the word list is what it has to be, and the phrase is one for all who see the same people. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "harness/aborts.h"
#include "harness/scarce.h"
#include "record/phrase.h"
#include "vectors/vector.h"

static uint8_t circle[HASH_BYTES], keys[LIMIT_MEMBERS][2][32];

static struct phrase_member member(size_t i)
{
    return (struct phrase_member){.sign_pk = keys[i][0], .box_pk = keys[i][1]};
}

static int make(void **state)
{
    (void)state;
    if (record_open() != ERR_OK) return -1;
    memset(circle, 9, sizeof circle);
    for (size_t i = 0; i < LIMIT_MEMBERS; i++) {
        memset(keys[i][0], (int)(100 - i), 32);
        memset(keys[i][1], (int)(i + 1), 32);
    }
    return 0;
}

static void the_list_is_sorted_and_four_letters_tell_words_apart(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < PHRASE_LIST_WORDS; i++) {
        const char *word = phrase_word(i);
        size_t n = strlen(word);
        assert_true(n >= 3 && n <= 8);
        for (size_t c = 0; c < n; c++) assert_true(word[c] >= 'a' && word[c] <= 'z');
        if (i == 0) continue;
        assert_true(strcmp(phrase_word((uint16_t)(i - 1)), word) < 0);
        assert_true(strncmp(phrase_word((uint16_t)(i - 1)), word, 4) != 0); /* sorted: neighbours are enough */
    }
    assert_string_equal(phrase_word(0), "abandon");
    assert_string_equal(phrase_word(2047), "zoo");
}

/* The hash was computed by another program, from the published package: each word with a line feed behind it. */
static void the_list_is_the_published_one(void **state)
{
    (void)state;
    static uint8_t room[32 * 1024];
    uint8_t hash[HASH_BYTES], expected[HASH_BYTES];
    struct out o = OUT_OVER(room);
    for (uint16_t i = 0; i < PHRASE_LIST_WORDS; i++) {
        out_text(&o, phrase_word(i));
        out_put_byte(&o, '\n');
    }
    assert_false(o.is_full);
    hash_of(hash, CTX_BLOB, PARTS(out_str(&o)));
    vector_bytes("03617c15b5796ab86ebe6ef23a286c0f9ea42dfa68b5b8b7431e821b4046a31b", expected, sizeof expected);
    assert_memory_equal(hash, expected, sizeof hash);
}

static void the_order_of_members_does_not_matter(void **state)
{
    (void)state;
    struct phrase_member up[] = {member(0), member(1), member(2)}, down[] = {member(2), member(1), member(0)};
    struct phrase_member mixed[] = {member(1), member(2), member(0)};
    uint16_t a[PHRASE_WORDS], b[PHRASE_WORDS], c[PHRASE_WORDS];
    assert_int_equal(phrase_make(circle, up, 3, a), ERR_OK);
    assert_int_equal(phrase_make(circle, down, 3, b), ERR_OK);
    assert_int_equal(phrase_make(circle, mixed, 3, c), ERR_OK);
    assert_memory_equal(a, b, sizeof a);
    assert_memory_equal(a, c, sizeof a);
    for (size_t i = 0; i < PHRASE_WORDS; i++) assert_true(a[i] < PHRASE_LIST_WORDS);
}

static void any_other_key_or_circle_gives_another_phrase(void **state)
{
    (void)state;
    uint8_t other[HASH_BYTES];
    struct phrase_member two[] = {member(0), member(1)}, changed[] = {member(0), member(1)};
    uint16_t a[PHRASE_WORDS], b[PHRASE_WORDS];
    assert_int_equal(phrase_make(circle, two, 2, a), ERR_OK);
    memcpy(other, circle, sizeof other);
    other[31] ^= 1; /* not in the salt, only in the hash */
    assert_int_equal(phrase_make(other, two, 2, b), ERR_OK);
    assert_memory_not_equal(a, b, sizeof a);
    memcpy(other, keys[1][0], sizeof other);
    other[0] ^= 1;
    changed[1].sign_pk = other;
    assert_int_equal(phrase_make(circle, changed, 2, b), ERR_OK);
    assert_memory_not_equal(a, b, sizeof a);
    changed[1] = member(1);
    changed[1].box_pk = other;
    assert_int_equal(phrase_make(circle, changed, 2, b), ERR_OK);
    assert_memory_not_equal(a, b, sizeof a);
    assert_int_equal(phrase_make(circle, two, 1, b), ERR_OK);
    assert_memory_not_equal(a, b, sizeof a);
}

static void a_full_circle_has_one_too(void **state)
{
    (void)state;
    struct phrase_member all[LIMIT_MEMBERS];
    uint16_t word[PHRASE_WORDS];
    uint8_t room[PHRASE_WORDS * 9];
    struct out o = OUT_OVER(room);
    for (size_t i = 0; i < LIMIT_MEMBERS; i++) all[i] = member(i);
    assert_int_equal(phrase_make(circle, all, LIMIT_MEMBERS, word), ERR_OK);
    phrase_put(&o, word);
    assert_false(o.is_full);
    size_t spaces_n = 0;
    for (size_t i = 0; i < o.len; i++) spaces_n += room[i] == ' ';
    assert_int_equal(spaces_n, PHRASE_WORDS - 1);
}

static void words_are_put_with_a_space_between(void **state)
{
    (void)state;
    static const uint16_t word[PHRASE_WORDS] = {0, 1, 2047, 2046, 3, 0, 0, 2};
    uint8_t room[128];
    struct out o = OUT_OVER(room);
    phrase_put(&o, word);
    assert_true(str_is(out_str(&o), STR("abandon ability zoo zone about abandon abandon able")));
}

static void ask_for_a_word_past_the_list(void)
{
    (void)phrase_word(PHRASE_LIST_WORDS);
}

static void make_for_nobody(void)
{
    uint16_t word[PHRASE_WORDS];
    struct phrase_member one = member(0);
    if (phrase_make(circle, &one, 0, word) != ERR_OK) return;
}

static void misuse_is_stopped(void **state)
{
    (void)state;
    assert_true(aborts(ask_for_a_word_past_the_list));
    assert_true(aborts(make_for_nobody));
}

/* 0 if it says that there is too little, and gives out nothing. */
static int try_without_memory(void)
{
    struct phrase_member one = member(0);
    uint16_t word[PHRASE_WORDS] = {0};
    if (phrase_make(circle, &one, 1, word) != ERR_NO_MEMORY) return 3;
    return word[0] == 0 && word[PHRASE_WORDS - 1] == 0 ? 0 : 4;
}

static void too_little_memory_is_told(void **state)
{
    (void)state;
    assert_int_equal(scarce_run(try_without_memory), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_list_is_sorted_and_four_letters_tell_words_apart),
        cmocka_unit_test(the_list_is_the_published_one),
        cmocka_unit_test(the_order_of_members_does_not_matter),
        cmocka_unit_test(any_other_key_or_circle_gives_another_phrase),
        cmocka_unit_test(a_full_circle_has_one_too),
        cmocka_unit_test(words_are_put_with_a_space_between),
        cmocka_unit_test(misuse_is_stopped),
        cmocka_unit_test(too_little_memory_is_told),
    };
    return cmocka_run_group_tests(tests, make, NULL);
}
