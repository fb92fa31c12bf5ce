/* promise_act.c -- the texts of a promise: each comes back as it was put, nothing else is taken for one, and what
 * stays of one has no words in it. [F2], [F5], [F7] to [F9], [F17], [P5], [P6], [P29] */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/fold.h"

static uint8_t room[PROMISE_TEXT_BYTES];
static const uint8_t id[ID_BYTES] = "a promise", ask_id[ID_BYTES] = "an ask";

static struct str put(const struct promise_act *act)
{
    struct out o = OUT_OVER(room);
    promise_act_put(&o, act);
    assert_false(o.is_full);
    return out_str(&o);
}

static struct promise_act draft(enum promise_act_kind kind)
{
    struct promise_act act = {.act = kind, .written_ms = 5};
    if (kind == PROMISE_MADE) {
        act = fold_made(BEN, fold_days(1, 3));
        act.looks_like = STR("The sink is empty");
        act.cue = STR("When dinner is over");
        act.is_costly = true;
        return act;
    }
    act.promise = id;
    act.words = STR("Sorry.\nReally.");
    if (kind == PROMISE_CHANGE_ACCEPTED || kind == PROMISE_CHANGE_REFUSED) act.ask = ask_id;
    else if (kind != PROMISE_DECLINED && kind != PROMISE_ENDED) act.turn = 300;
    if (kind == PROMISE_CHANGE_ASKED || kind == PROMISE_RELEASED) act.is_all_left = true;
    if (kind == PROMISE_CHANGE_ASKED) {
        act.what = STR("Only the pans");
        act.has_when = act.changes_words = true;
        act.when = fold_days(4, PROMISE_DUES);
    }
    return act;
}

static void assert_same(const struct promise_act *a, const struct promise_act *b)
{
    assert_true(a->act == b->act && a->turn == b->turn && a->is_all_left == b->is_all_left);
    assert_true((a->promise == NULL) == (b->promise == NULL) && (a->ask == NULL) == (b->ask == NULL));
    if (a->promise != NULL) assert_memory_equal(a->promise, b->promise, ID_BYTES);
    if (a->ask != NULL) assert_memory_equal(a->ask, b->ask, ID_BYTES);
    if (a->to != NULL) assert_memory_equal(a->to, b->to, SIGN_PK_BYTES);
    assert_true(str_is(a->words, b->words) && str_is(a->what, b->what) && str_is(a->cue, b->cue));
    assert_true(str_is(a->looks_like, b->looks_like) && a->is_costly == b->is_costly);
    assert_true(a->has_when == b->has_when && a->changes_words == b->changes_words && a->written_ms == b->written_ms);
    assert_true(a->when.kind == b->when.kind && a->when.due_n == b->when.due_n && str_is(a->when.zone, b->when.zone));
    assert_memory_equal(&a->when.rule, &b->when.rule, sizeof a->when.rule);
    assert_memory_equal(a->when.date, b->when.date, a->when.due_n * sizeof *a->when.date);
    assert_memory_equal(a->when.due_ms, b->when.due_ms, a->when.due_n * sizeof *a->when.due_ms);
}

static void what_is_put_comes_back(void **state)
{
    (void)state;
    for (enum promise_act_kind kind = PROMISE_MADE; kind <= PROMISE_DIFFERED; kind++) {
        struct promise_act act = draft(kind), read;
        struct str text = put(&act);
        assert_int_equal(cbor_check(text), ERR_OK);
        assert_int_equal(promise_act_read(text, false, &read), LAW_OK);
        assert_same(&act, &read);
        act.words = act.cue = act.looks_like = (struct str){0};
        act.written_ms = 0;
        assert_int_equal(promise_act_read(put(&act), false, &read), LAW_OK);
        assert_same(&act, &read);
    }
}

static void the_bytes_are_those_of_the_protocol(void **state)
{
    (void)state;
    struct promise_act done = {.act = PROMISE_DONE, .promise = id, .turn = 24, .words = STR("ok"), .written_ms = 5};
    struct promise_act made = fold_made(BEN, fold_moment(1));
    struct str text = put(&done);
    assert_int_equal(text.len, 32);
    assert_memory_equal(text.at, "\xa6\x01\x03\x02\x02\x03\x50" "a promise", 16);
    assert_memory_equal(text.at + 23, "\x04\x18\x18\x07\x62ok\x17\x05", 9);
    made.what = STR("x");
    made.is_costly = true;
    text = put(&made);
    assert_memory_equal(text.at, "\xa9\x01\x03\x02\x01\x08\x58\x20" "Ben's key", 17);
    assert_memory_equal(text.at + 40, "\x09\x61x\x0c\x01\x0d\x01\x0e\x81\x19\x50\x15\x0f\x81\x1b\x00\x00\x01", 18);
    assert_memory_equal(text.at + text.len - 15, "\x11\x6d" "Europe/Madrid", 15);
}

static void an_open_promise_has_neither_times_nor_zone(void **state)
{
    (void)state;
    struct promise_act act = fold_made(BEN, fold_open()), read;
    act.when.zone = STR("Europe/Madrid"); /* not looked at, not put */
    assert_int_equal(promise_act_read(put(&act), false, &read), LAW_OK);
    assert_int_equal(read.when.kind, PROMISE_WHEN_OPEN);
    assert_true(read.when.zone.len == 0 && read.when.due_n == 0);
}

static void a_changed_byte_is_another_act_or_none(void **state)
{
    (void)state;
    static uint8_t changed[PROMISE_TEXT_BYTES], again[PROMISE_TEXT_BYTES];
    for (enum promise_act_kind kind = PROMISE_MADE; kind <= PROMISE_DIFFERED; kind++) {
        struct promise_act act = draft(kind), read;
        struct str text = put(&act);
        for (size_t at = 0; at < text.len; at++) {
            memcpy(changed, text.at, text.len);
            for (unsigned bit = 0; bit < 8; bit++) {
                changed[at] = (uint8_t)(text.at[at] ^ (1u << bit));
                if (promise_act_read(str_at(changed, text.len), false, &read) != LAW_OK) continue;
                struct out o = OUT_OVER(again);
                promise_act_put(&o, &read);
                assert_true(str_is(out_str(&o), str_at(changed, text.len)));
            }
        }
        for (size_t n = 0; n < text.len; n++) {
            assert_int_equal(promise_act_read(str_at(text.at, n), false, &read), LAW_UNREADABLE);
        }
    }
}

static void F2_what_has_not_the_fields_of_its_act_is_unreadable(void **state)
{
    (void)state;
    const struct str misshapen[] = {
        STR("\xa2\x01\x03\x02\x02"),                                 /* done, of nothing           */
        STR("\xa2\x01\x03\x02\x00"),                                 /* no act                     */
        STR("\xa1\x01\x03"),                                         /* nothing said               */
        STR("\xa2\x01\x02\x02\x02"),                                 /* a note                     */
        STR("\xa3\x01\x03\x02\x0c\x03\x41x"),                        /* an id of one byte          */
        STR("\xa4\x01\x03\x02\x0c\x03\x50"
            "0123456789abcdef\x04\x00"),                             /* ended, with a turn         */
        STR("\xa4\x01\x03\x02\x02\x03\x50"
            "0123456789abcdef\x04\x1a\x00\x01\x00\x00"),             /* a turn beyond all          */
        STR("\xa5\x01\x03\x02\x07\x03\x50"
            "0123456789abcdef\x04\x00\x05\x00"),                     /* "all left" is not no       */
        STR("\xa4\x01\x03\x02\x0c\x03\x50"
            "0123456789abcdef\x07\x60"),                             /* words, and none            */
        STR("\xa4\x01\x03\x02\x0c\x03\x50"
            "0123456789abcdef\x07\x62\xc3("),                        /* words that are not UTF-8   */
        STR("\xa2\x01\x02\x02\x0e"),                                 /* a note, whatever it says   */
        STR("\xa2\x01\x03\x13\x01"),                                 /* no act, and a newer field  */
    };
    struct promise_act read;
    for (size_t i = 0; i < sizeof misshapen / sizeof *misshapen; i++) {
        assert_int_equal(promise_act_read(misshapen[i], false, &read), LAW_UNREADABLE);
    }
    assert_int_equal(promise_act_read((struct str){0}, false, &read), LAW_UNREADABLE);
}

static void F5_what_this_troth_does_not_know_is_newer(void **state)
{
    (void)state;
    struct promise_act read;
    assert_int_equal(promise_act_read(STR("\xa2\x01\x03\x02\x0e"), false, &read), LAW_NEWER);
    assert_int_equal(promise_act_read(STR("\xa4\x01\x03\x02\x02\x03\x50"
                                          "0123456789abcdef\x13\x01"), false, &read), LAW_NEWER);
    assert_int_equal(promise_act_read(STR("\xa3\x00\x00\x01\x03\x02\x02"), false, &read), LAW_NEWER);
    assert_int_equal(promise_act_read(STR("\xa2\x01\x03\x02\x0e\x00"), false, &read), LAW_UNREADABLE);
}

static void F7_to_F9_words_are_words(void **state)
{
    (void)state;
    static uint8_t much[WORDS_BYTES + 1];
    memset(much, 'x', sizeof much);
    struct promise_act act = fold_made(BEN, fold_open());
    act.what = (struct str){0};
    assert_int_equal(promise_act_check(&act), LAW_WORDS_EMPTY);
    act.what = STR_OF(much);
    assert_int_equal(promise_act_check(&act), LAW_WORDS_TOO_LONG);
    act.what = str_at(much, WORDS_BYTES);
    act.cue = STR("a\tb");
    assert_int_equal(promise_act_check(&act), LAW_WORDS_CHARACTERS);
    act.looks_like = act.cue;
    act.cue = (struct str){0};
    assert_int_equal(promise_act_check(&act), LAW_WORDS_CHARACTERS);
    struct promise_act ask = {.act = PROMISE_CHANGE_ASKED, .promise = id, .what = act.looks_like}, read;
    assert_int_equal(promise_act_check(&ask), LAW_WORDS_CHARACTERS);
    assert_int_equal(promise_act_read(STR("\xa4\x01\x03\x02\x0c\x03\x50"
                                          "0123456789abcdef\x07\x61\t"), false, &read), LAW_WORDS_CHARACTERS);
    act.cue = act.looks_like = act.what;
    assert_int_equal(promise_act_check(&act), LAW_OK);
    (void)put(&act); /* the longest there is has room */
}

static void P5_there_are_four_kinds_of_times(void **state)
{
    (void)state;
    static uint8_t changed[PROMISE_TEXT_BYTES];
    struct promise_act act = fold_made(BEN, fold_moment(1)), read;
    act.what = STR("x");
    struct str text = put(&act);
    memcpy(changed, text.at, text.len);
    assert_memory_equal(changed + 43, "\x0d\x01\x0e", 3);
    for (uint8_t kind = 0; kind < 24; kind++) {
        changed[44] = kind; /* a rule is missing for 3, and 0 has no dates */
        bool is_dated = kind == PROMISE_WHEN_MOMENT || kind == PROMISE_WHEN_DAY;
        enum law law = promise_act_read(str_at(changed, text.len), false, &read);
        assert_int_equal(law, is_dated ? LAW_OK : LAW_UNREADABLE);
    }
}

static void P5_times_follow_one_another_each_on_its_day(void **state)
{
    (void)state;
    struct promise_act act = fold_made(BEN, fold_days(1, PROMISE_DUES));
    assert_int_equal(promise_act_check(&act), LAW_OK);
    act.when.due_n = PROMISE_DUES + 1;
    assert_int_equal(promise_act_check(&act), LAW_DATES);
    act.when.due_n = 0;
    assert_int_equal(promise_act_check(&act), LAW_DATES);
    act.when = fold_days(1, 3);
    act.when.date[2] = act.when.date[1];
    act.when.due_ms[2] = act.when.due_ms[1] + 1;
    assert_int_equal(promise_act_check(&act), LAW_DATES);
    act.when.date[2]++;
    assert_int_equal(promise_act_check(&act), LAW_OK);
    act.when = fold_days(1, 3);
    act.when.due_ms[2] = act.when.due_ms[1];
    assert_int_equal(promise_act_check(&act), LAW_DATES);
    act.when = fold_days(1, 2);
    act.when.kind = PROMISE_WHEN_DAY;
    assert_int_equal(promise_act_check(&act), LAW_DATES);
    act.when = fold_days(1, 1);
    uint64_t day_ms = act.when.date[0] * FOLD_DAY_MS;
    static const struct {
        int64_t off_ms;
        enum law law;
    } edge[] = {{-14 * 3600000, LAW_OK}, {-14 * 3600000 - 1, LAW_DATES}, {36 * 3600000, LAW_OK},
                {36 * 3600000 + 1, LAW_DATES}};
    for (size_t i = 0; i < sizeof edge / sizeof *edge; i++) {
        act.when.due_ms[0] = day_ms + (uint64_t)edge[i].off_ms;
        assert_int_equal(promise_act_check(&act), edge[i].law);
    }
    act.when.date[0] = 0;
    act.when.due_ms[0] = 1;
    assert_int_equal(promise_act_check(&act), LAW_OK);
    act.when.due_ms[0] = 0; /* no moment at all */
    assert_int_equal(promise_act_check(&act), LAW_DATES);
    act.when.date[0] = (uint32_t)(LIMIT_NUMBER / FOLD_DAY_MS);
    act.when.due_ms[0] = LIMIT_NUMBER;
    assert_int_equal(promise_act_check(&act), LAW_OK);
    act.when.due_ms[0]++;
    assert_int_equal(promise_act_check(&act), LAW_DATES);
    act.when.date[0] = UINT32_MAX;
    act.when.due_ms[0] = UINT64_MAX;
    assert_int_equal(promise_act_check(&act), LAW_DATES);
}

static void P6_a_rule_is_daily_weekly_or_monthly(void **state)
{
    (void)state;
    static const struct {
        struct promise_rule rule;
        bool is_good;
    } row[] = {
        {{PROMISE_DAILY, 1, 0, 0}, true},      {{PROMISE_DAILY, 99, 0, 1440}, true},
        {{PROMISE_DAILY, 0, 0, 0}, false},     {{PROMISE_DAILY, 100, 0, 0}, false},
        {{PROMISE_DAILY, 1, 1, 0}, false},     {{PROMISE_DAILY, 1, 0, 1441}, false},
        {{PROMISE_WEEKLY, 1, 127, 60}, true},  {{PROMISE_WEEKLY, 1, 0, 60}, false},
        {{PROMISE_WEEKLY, 1, 128, 60}, false}, {{PROMISE_MONTHLY, 2, 31, 60}, true},
        {{PROMISE_MONTHLY, 2, 32, 60}, false}, {{PROMISE_MONTHLY, 2, 0, 60}, false},
        {{PROMISE_WEEKLY, 1, 1, 60}, true},    {{PROMISE_MONTHLY, 2, 1, 60}, true},
        {{4, 1, 0, 0}, false},                 {{0, 1, 0, 0}, false},
    };
    struct promise_act act = fold_made(BEN, fold_days(1, 3));
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        act.when.rule = row[i].rule;
        assert_int_equal(promise_act_check(&act), row[i].is_good ? LAW_OK : LAW_RULE);
    }
}

static void P29_a_change_says_what_should_change(void **state)
{
    (void)state;
    struct promise_act act = {.act = PROMISE_CHANGE_ASKED, .promise = id, .words = STR("May we change it?")};
    assert_int_equal(promise_act_check(&act), LAW_CHANGE_EMPTY);
    act.changes_words = true;
    assert_int_equal(promise_act_check(&act), LAW_CHANGE_EMPTY);
    act.what = STR("Half of it");
    assert_int_equal(promise_act_check(&act), LAW_OK);
}

static void F17_what_stays_of_an_act_has_no_words(void **state)
{
    (void)state;
    static uint8_t left[PROMISE_TEXT_BYTES];
    for (enum promise_act_kind kind = PROMISE_MADE; kind <= PROMISE_DIFFERED; kind++) {
        struct promise_act act = draft(kind), read;
        struct str text = put(&act);
        struct out o = OUT_OVER(left);
        assert_int_equal(promise_act_scrub(&o, text), LAW_OK);
        assert_int_equal(promise_act_read(out_str(&o), true, &read), LAW_OK);
        act.words = act.what = act.cue = act.looks_like = act.when.zone = (struct str){0};
        assert_same(&act, &read);
        bool has_words = kind == PROMISE_MADE || kind == PROMISE_CHANGE_ASKED;
        enum law as_text = promise_act_read(out_str(&o), false, &read);
        assert_int_equal(as_text, has_words ? LAW_UNREADABLE : LAW_OK); /* where nothing is missing, it is the same */
        assert_int_equal(promise_act_read(text, true, &read), LAW_UNREADABLE); /* words are no residue */
    }
    struct out o = OUT_OVER(left);
    assert_int_equal(promise_act_scrub(&o, STR("\xa2\x01\x03\x02\x0e")), LAW_NEWER);
    assert_int_equal(o.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_comes_back),
        cmocka_unit_test(the_bytes_are_those_of_the_protocol),
        cmocka_unit_test(an_open_promise_has_neither_times_nor_zone),
        cmocka_unit_test(a_changed_byte_is_another_act_or_none),
        cmocka_unit_test(F2_what_has_not_the_fields_of_its_act_is_unreadable),
        cmocka_unit_test(F5_what_this_troth_does_not_know_is_newer),
        cmocka_unit_test(F7_to_F9_words_are_words),
        cmocka_unit_test(P5_there_are_four_kinds_of_times),
        cmocka_unit_test(P5_times_follow_one_another_each_on_its_day),
        cmocka_unit_test(P6_a_rule_is_daily_weekly_or_monthly),
        cmocka_unit_test(P29_a_change_says_what_should_change),
        cmocka_unit_test(F17_what_stays_of_an_act_has_no_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
