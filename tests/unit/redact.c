/* redact.c -- which residue keeps the outcome of an act whose words were erased. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "record/redact.h"

static const uint8_t ana[SIGN_PK_BYTES] = {1}, ben[SIGN_PK_BYTES] = {2};
static const struct redact_residue of_x = {.target = {0xaa}, .type = PAYLOAD_PROMISE};
static const struct redact_residue of_x_again = {.target = {0xaa}, .type = PAYLOAD_PROMISE};
static const struct redact_residue of_y = {.target = {0xbb}, .type = PAYLOAD_AGREEMENT};

#define COUNTED(before_v, author, of) \
    redact_residue_for((before_v), sizeof(before_v) / sizeof(before_v)[0], (author), (of).target)

static void directly_before_the_redact_it_counts(void **state)
{
    (void)state;
    const struct redact_before before[] = {{ana, NULL}, {ana, &of_x}};
    assert_ptr_equal(COUNTED(before, ana, of_x), &of_x);
    assert_null(COUNTED(before, ana, of_y));
}

static void before_other_residues_of_the_author_it_counts(void **state)
{
    (void)state;
    const struct redact_before before[] = {{ben, NULL}, {ana, &of_x}, {ana, &of_y}};
    assert_ptr_equal(COUNTED(before, ana, of_x), &of_x);
    assert_ptr_equal(COUNTED(before, ana, of_y), &of_y);
}

static void behind_anything_else_it_does_not(void **state)
{
    (void)state;
    const struct redact_before behind_a_note[] = {{ana, &of_x}, {ana, NULL}, {ana, &of_y}};
    const struct redact_before behind_anothers[] = {{ana, &of_x}, {ben, &of_y}};
    const struct redact_before behind_the_redact_of_it[] = {{ana, &of_x}, {ana, NULL}};
    assert_null(COUNTED(behind_a_note, ana, of_x));
    assert_ptr_equal(COUNTED(behind_a_note, ana, of_y), &of_y);
    assert_null(COUNTED(behind_anothers, ana, of_x));
    assert_null(COUNTED(behind_anothers, ana, of_y));
    assert_null(COUNTED(behind_the_redact_of_it, ana, of_x));
}

static void anothers_residue_does_not_count(void **state)
{
    (void)state;
    const struct redact_before before[] = {{ben, &of_x}};
    assert_null(COUNTED(before, ana, of_x));
    assert_ptr_equal(COUNTED(before, ben, of_x), &of_x);
}

static void of_two_the_nearest_counts(void **state)
{
    (void)state;
    const struct redact_before before[] = {{ana, &of_x}, {ana, &of_y}, {ana, &of_x_again}};
    assert_ptr_equal(COUNTED(before, ana, of_x), &of_x_again);
}

static void without_any_there_is_none(void **state)
{
    (void)state;
    const struct redact_before before[] = {{ana, NULL}};
    assert_null(COUNTED(before, ana, of_x));
    assert_null(redact_residue_for(NULL, 0, ana, of_x.target));
}

static void a_residue_comes_back_and_is_short(void **state)
{
    (void)state;
    uint8_t room[128];
    struct redact_residue residue = {.type = LIMIT_NUMBER, .outcome = STR("what stays")}, read;
    struct out o = OUT_OVER(room);
    memset(residue.target, 7, sizeof residue.target);
    redact_residue_put(&o, &residue);
    assert_int_equal(redact_residue_read(out_str(&o), &read), ERR_OK);
    assert_memory_equal(read.target, residue.target, sizeof read.target);
    assert_true(read.type == residue.type && str_is(read.outcome, residue.outcome));
    o = OUT_OVER(room);
    redact_residue_put(&o, &of_x);
    assert_memory_equal(room, "\xa4\x01\x0e\x02\x58\x20\xaa", 7);
    assert_memory_equal(room + o.len - 4, "\x03\x03\x04\x40", 4);
}

static void a_misshapen_one_is_unreadable(void **state)
{
    (void)state;
    uint8_t room[128] = {0}, changed[128];
    struct redact_residue read, before;
    struct out o = OUT_OVER(room);
    memset(&read, 0xa5, sizeof read);
    before = read;
    redact_residue_put(&o, &of_x);
    for (size_t n = 0; n <= o.len + 1; n++) {
        if (n != o.len) assert_int_equal(redact_residue_read(str_at(room, n), &read), ERR_UNREADABLE);
    }
    static const struct {
        size_t at;
        uint8_t byte;
    } change[] = {{2, 13}, {4, 0x78}, {5, 31}, {38, 5}, {39, 0x60}, {41, 0x60}};
    for (size_t i = 0; i < sizeof change / sizeof change[0]; i++) {
        memcpy(changed, room, sizeof changed);
        changed[change[i].at] = change[i].byte;
        assert_int_equal(redact_residue_read(str_at(changed, o.len), &read), ERR_UNREADABLE);
    }
    assert_memory_equal(&read, &before, sizeof read);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(directly_before_the_redact_it_counts),
        cmocka_unit_test(before_other_residues_of_the_author_it_counts),
        cmocka_unit_test(behind_anything_else_it_does_not),
        cmocka_unit_test(anothers_residue_does_not_count),
        cmocka_unit_test(of_two_the_nearest_counts),
        cmocka_unit_test(without_any_there_is_none),
        cmocka_unit_test(a_residue_comes_back_and_is_short),
        cmocka_unit_test(a_misshapen_one_is_unreadable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
