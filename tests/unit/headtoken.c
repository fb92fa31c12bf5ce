/* headtoken.c -- a head as a line to paste, and what two heads tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "harness/aborts.h"
#include "record/headtoken.h"
#include "vectors/vector.h"

/* Made by another program, from the circle and entry of the vectors at seq 41. */
static const char text_of_sample[] =
    "troth-head:6H609VE2EG4WA0000000000054BPZ6G8VSF7X7RGD87HRJPHD5KBPATK64K9GA3PJFQKJV1RBQ0DT";

static struct headtoken sample(void)
{
    struct headtoken head = {.seq = 41};
    vector_bytes("344c04edc27409c5", head.circle, sizeof head.circle);
    vector_bytes("176f9a08de5e7e9f106a0f1c4ad16966bb2b53312698287693ef396c385dc0dd", head.hash, sizeof head.hash);
    return head;
}

static void assert_head(struct str text, const struct headtoken *expected)
{
    struct headtoken read;
    assert_int_equal(headtoken_read(text, &read), ERR_OK);
    assert_int_equal(read.seq, expected->seq);
    assert_memory_equal(read.circle, expected->circle, sizeof read.circle);
    assert_memory_equal(read.hash, expected->hash, sizeof read.hash);
}

static void it_is_written_and_read_back(void **state)
{
    (void)state;
    uint8_t room[HEADTOKEN_TEXT_BYTES];
    struct headtoken head = sample();
    struct out o = OUT_OVER(room);
    headtoken_put(&o, &head);
    assert_true(str_is(out_str(&o), str_of_text(text_of_sample)));
    assert_int_equal(o.len, HEADTOKEN_TEXT_BYTES);
    assert_head(out_str(&o), &head);
    head.seq = LIMIT_SEQ;
    o = OUT_OVER(room);
    headtoken_put(&o, &head);
    assert_head(out_str(&o), &head);
}

static void it_survives_mail_and_qr_codes(void **state)
{
    (void)state;
    uint8_t text[2 * HEADTOKEN_TEXT_BYTES];
    struct headtoken head = sample();
    for (size_t i = 0; i < HEADTOKEN_TEXT_BYTES; i++) { /* all in capitals */
        uint8_t c = (uint8_t)text_of_sample[i];
        text[i] = c >= 'a' && c <= 'z' ? (uint8_t)(c - 0x20) : c;
    }
    assert_head(str_at(text, HEADTOKEN_TEXT_BYTES), &head);
    for (size_t i = 0; i < HEADTOKEN_TEXT_BYTES; i++) { /* small, and wrapped after every character */
        uint8_t c = (uint8_t)text_of_sample[i];
        text[2 * i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c + 0x20) : c;
        text[2 * i + 1] = (uint8_t)" \t\r\n"[i % 4];
    }
    assert_head(STR_OF(text), &head);
}

static void assert_no_token(struct str text)
{
    struct headtoken read, before;
    memset(&read, 0xa5, sizeof read);
    before = read;
    assert_int_equal(headtoken_read(text, &read), ERR_BAD_CODE);
    assert_memory_equal(&read, &before, sizeof read);
}

static void what_is_no_token_is_refused(void **state)
{
    (void)state;
    uint8_t text[HEADTOKEN_TEXT_BYTES + 1];
    memcpy(text, text_of_sample, sizeof text);
    for (size_t n = 0; n < HEADTOKEN_TEXT_BYTES; n++) assert_no_token(str_at(text, n));
    text[HEADTOKEN_TEXT_BYTES] = '0';
    assert_no_token(STR_OF(text));
    for (size_t i = 0; i < HEADTOKEN_TEXT_BYTES; i++) {
        uint8_t kept = text[i];
        text[i] = '*';
        assert_no_token(str_at(text, HEADTOKEN_TEXT_BYTES));
        text[i] = kept;
    }
    text[HEADTOKEN_TEXT_BYTES - 1] = 'S'; /* the fill bit is set */
    assert_no_token(str_at(text, HEADTOKEN_TEXT_BYTES));
    assert_no_token(STR(""));
    assert_no_token(STR("troth-head:"));
}

static void a_seq_that_no_record_has_is_refused(void **state)
{
    (void)state;
    uint8_t text[HEADTOKEN_TEXT_BYTES];
    memcpy(text, text_of_sample, sizeof text);
    text[25] = '1'; /* somewhere in the upper half of seq */
    assert_no_token(STR_OF(text));
}

static void put_a_seq_that_no_record_has(void)
{
    uint8_t room[HEADTOKEN_TEXT_BYTES];
    struct headtoken head = {.seq = LIMIT_SEQ + 1};
    struct out o = OUT_OVER(room);
    headtoken_put(&o, &head);
}

static void misuse_is_stopped(void **state)
{
    (void)state;
    assert_true(aborts(put_a_seq_that_no_record_has));
}

static void K7_two_heads_tell_a_fork(void **state)
{
    (void)state;
    const struct headtoken mine = sample();
    struct headtoken theirs = mine;
    uint8_t there[HASH_BYTES] = {5};
    assert_int_equal(headtoken_compare(&mine, &theirs, NULL), HEADTOKEN_SAME);
    assert_int_equal(headtoken_compare(&mine, &theirs, there), HEADTOKEN_SAME); /* not looked at */
    theirs.hash[31] ^= 1;
    assert_int_equal(headtoken_compare(&mine, &theirs, NULL), HEADTOKEN_FORKED);
    assert_int_equal(headtoken_compare(&mine, &theirs, theirs.hash), HEADTOKEN_FORKED);
    theirs.seq = 40;
    memcpy(theirs.hash, there, sizeof there);
    assert_int_equal(headtoken_compare(&mine, &theirs, there), HEADTOKEN_THEY_ARE_BEHIND);
    assert_int_equal(headtoken_compare(&mine, &theirs, NULL), HEADTOKEN_UNKNOWN);
    there[0] ^= 1;
    assert_int_equal(headtoken_compare(&mine, &theirs, there), HEADTOKEN_FORKED);
    theirs.seq = 42;
    assert_int_equal(headtoken_compare(&mine, &theirs, NULL), HEADTOKEN_THEY_ARE_AHEAD);
    assert_int_equal(headtoken_compare(&mine, &theirs, there), HEADTOKEN_THEY_ARE_AHEAD);
    theirs.circle[7] ^= 1;
    for (theirs.seq = 40; theirs.seq <= 42; theirs.seq++) {
        assert_int_equal(headtoken_compare(&mine, &theirs, theirs.hash), HEADTOKEN_OTHER_CIRCLE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_written_and_read_back),
        cmocka_unit_test(it_survives_mail_and_qr_codes),
        cmocka_unit_test(what_is_no_token_is_refused),
        cmocka_unit_test(a_seq_that_no_record_has_is_refused),
        cmocka_unit_test(misuse_is_stopped),
        cmocka_unit_test(K7_two_heads_tell_a_fork),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
