/* home_outbox.c -- items keep their order whatever happens to them; drafts, alarms, notes and settings are kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "harness/aborts.h"
#include "harness/home_rig.h"
#include "harness/random.h"

static char folder[SCRATCH_PATH_BYTES];
static struct home *home;
static uint64_t account, circle;

static int setup(void **state)
{
    (void)state;
    scratch_folder(folder);
    home = home_rig_open(folder);
    account = home_rig_add_account(home, 1);
    circle = home_rig_add_circle(home, account, 10);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    home_close(home);
    return 0;
}

static void open_again(void)
{
    home_close(home);
    home = home_rig_open(folder);
    home_expect(home_unlock(home, account, home_rig_key(1)), ERR_OK);
}

/* ---- items ---------------------------------------------------------------------------------- */

/* What should be in the outbox: numbers of home_rig_item, oldest first; how often each was signed. */
static struct {
    unsigned item[200], signed_n[200], n, next;
} model;

static struct home_item as_signed(unsigned n, unsigned signed_n)
{
    struct home_item item = home_rig_item(n);
    if (signed_n == 0) return item;
    item.wire = home_rig_wire(n, 100 + signed_n);
    item.was_sent = signed_n % 2 == 0;
    item.signed_seq = signed_n;
    item.content = home_rig_text(signed_n);
    memcpy(item.signed_prev, home_rig_key(signed_n), HASH_BYTES);
    return item;
}

static enum err compare(void *ctx, const struct home_item *item)
{
    unsigned *at = ctx;
    assert_true(*at < model.n);
    struct home_item right = as_signed(model.item[*at], model.signed_n[*at]);
    assert_memory_equal(item->id, right.id, ID_BYTES);
    assert_true(item->kind == right.kind && item->group == right.group && item->made_ms == right.made_ms);
    assert_true(item->is_frozen == right.is_frozen && item->was_sent == right.was_sent);
    assert_true(str_is(item->content, right.content) && str_is(item->wire, right.wire));
    assert_int_equal(item->signed_seq, right.signed_seq);
    assert_memory_equal(item->signed_prev, right.signed_prev, HASH_BYTES);
    ++*at;
    return ERR_OK;
}

static void look(void)
{
    unsigned at = 0;
    uint64_t count = 0;
    home_expect(home_items_each(home, circle, compare, &at), ERR_OK);
    assert_int_equal(at, model.n);
    home_expect(home_items_count(home, circle, &count), ERR_OK);
    assert_int_equal(count, model.n);
}

static void act(struct random *r)
{
    unsigned which = model.n > 0 ? (unsigned)random_below(r, model.n) : 0;
    if (model.n == 0 || random_is_one_in(r, 3)) {
        struct home_item item = as_signed(model.next, 0);
        home_expect(home_item_add(home, circle, &item), ERR_OK);
        home_expect(home_item_add(home, circle, &item), ERR_EXISTS);
        model.signed_n[model.n] = 0;
        model.item[model.n++] = model.next++;
    } else if (random_is_one_in(r, 2)) {
        struct home_item item = as_signed(model.item[which], ++model.signed_n[which]);
        home_expect(home_item_set(home, circle, &item), ERR_OK);
    } else {
        struct home_item item = as_signed(model.item[which], 0);
        home_expect(home_item_remove(home, circle, item.id), ERR_OK);
        home_expect(home_item_remove(home, circle, item.id), ERR_NOT_FOUND);
        home_expect(home_item_set(home, circle, &item), ERR_NOT_FOUND);
        model.n--;
        memmove(&model.item[which], &model.item[which + 1], (model.n - which) * sizeof model.item[0]);
        memmove(&model.signed_n[which], &model.signed_n[which + 1], (model.n - which) * sizeof model.item[0]);
    }
}

static void a_later_item_never_overtakes_an_earlier_one(void **state)
{
    (void)state;
    struct random r;
    uint64_t other = home_rig_add_circle(home, account, 11);
    memset(&model, 0, sizeof model);
    random_init(&r, "the outbox keeps its order");
    for (unsigned i = 0; i < 150; i++) {
        struct home_item item = home_rig_item(i); /* another circle's, with the same ids, in between */
        home_expect(home_item_add(home, other, &item), ERR_OK);
        act(&r);
        if (i % 10 == 0) open_again();
        if (i % 5 == 0) look();
    }
    look();
}

static void an_item_has_room_for_all_that_it_may_need(void **state)
{
    (void)state;
    uint8_t *content = calloc(1, HOME_CONTENT_BYTES);
    struct home_item item = home_rig_item(1);
    unsigned at = 0;
    assert_non_null(content);
    item.content = str_at(content, HOME_CONTENT_BYTES);
    item.wire = home_rig_wire(1, LIMIT_PAYLOAD_BYTES);
    item.group = item.made_ms = UINT64_MAX;
    item.signed_seq = LIMIT_SEQ;
    item.kind = 255;
    home_expect(home_item_add(home, circle, &item), ERR_OK);
    model.n = 0;
    home_expect(home_items_each(home, 99, compare, &at), ERR_NOT_FOUND);
    home_expect(home_item_add(home, 99, &item), ERR_NOT_FOUND);
    free(content);
    uint64_t count = 0;
    home_lock(home, account);
    home_expect(home_items_count(home, circle, &count), ERR_OK); /* needs no key */
    assert_int_equal(count, 1);
}

/* ---- drafts --------------------------------------------------------------------------------- */

static enum err compare_draft(void *ctx, const struct home_draft *draft)
{
    unsigned *sum = ctx;
    unsigned n = (unsigned)draft->law;
    struct home_draft right = home_rig_draft(n);
    assert_memory_equal(draft->id, right.id, ID_BYTES);
    assert_true(draft->kind == right.kind && draft->error == right.error && draft->at_ms == right.at_ms);
    assert_true(str_is(draft->content, right.content));
    *sum = *sum * 10 + n;
    return ERR_OK;
}

static void drafts_oldest_first(void **state)
{
    (void)state;
    unsigned sum = 0;
    uint64_t count = 0;
    static const unsigned numbers[] = {3, 1, 2};
    for (size_t i = 0; i < 3; i++) {
        struct home_draft draft = home_rig_draft(numbers[i]);
        home_expect(home_draft_put(home, circle, &draft), ERR_OK);
    }
    open_again();
    home_expect(home_drafts_each(home, circle, compare_draft, &sum), ERR_OK);
    assert_int_equal(sum, 312);
    struct home_draft again = home_rig_draft(3);
    home_expect(home_draft_put(home, circle, &again), ERR_OK); /* replaced, and now the newest */
    home_expect(home_draft_put(home, 99, &again), ERR_NOT_FOUND);
    home_expect(home_draft_remove(home, circle, home_rig_id(1)), ERR_OK);
    home_expect(home_draft_remove(home, circle, home_rig_id(1)), ERR_NOT_FOUND);
    sum = 0;
    home_expect(home_drafts_each(home, circle, compare_draft, &sum), ERR_OK);
    assert_int_equal(sum, 23);
    home_expect(home_drafts_count(home, circle, &count), ERR_OK);
    assert_int_equal(count, 2);
}

/* An item that went back: out of the outbox and into the drafts, both or neither. */
static void an_item_goes_back_to_drafts_in_one_step(void **state)
{
    (void)state;
    struct home_item item = home_rig_item(1);
    struct home_draft draft = home_rig_draft(1);
    uint64_t items = 0, drafts = 0;
    home_expect(home_item_add(home, circle, &item), ERR_OK);
    for (unsigned is_kept = 0; is_kept < 2; is_kept++) {
        home_expect(home_begin(home), ERR_OK);
        home_expect(home_item_remove(home, circle, item.id), ERR_OK);
        home_expect(home_draft_put(home, circle, &draft), ERR_OK);
        if (is_kept) home_expect(home_commit(home), ERR_OK);
        open_again();
        home_expect(home_items_count(home, circle, &items), ERR_OK);
        home_expect(home_drafts_count(home, circle, &drafts), ERR_OK);
        assert_true(items == !is_kept && drafts == is_kept);
    }
}

/* ---- alarms --------------------------------------------------------------------------------- */

static enum err sum_alarm(void *ctx, const struct home_alarm *alarm)
{
    unsigned *sum = ctx;
    assert_true(str_is(alarm->evidence, home_rig_text(alarm->kind * 100)));
    assert_int_equal(alarm->at_ms, alarm->kind + 5);
    *sum = *sum * 100 + alarm->kind * 10 + alarm->is_seen;
    return ERR_OK;
}

static void alarms_until_they_are_seen(void **state)
{
    (void)state;
    uint64_t number[3], other = home_rig_add_account(home, 2), last = 0;
    unsigned sum = 0;
    for (unsigned i = 0; i < 3; i++) {
        struct home_alarm alarm = {.kind = i + 1, .at_ms = i + 6, .evidence = home_rig_text((i + 1) * 100)};
        alarm.circle = i == 1 ? circle : 0;
        home_expect(home_alarm_add(home, i == 2 ? other : account, &alarm, &number[i]), ERR_OK);
        assert_true(number[i] > last);
        last = number[i];
    }
    home_expect(home_alarm_set_seen(home, number[1]), ERR_OK);
    home_expect(home_alarm_set_seen(home, 99), ERR_NOT_FOUND);
    open_again();
    home_expect(home_alarms_each(home, account, sum_alarm, &sum), ERR_OK);
    assert_int_equal(sum, 1021);
    struct home_alarm lost = {.circle = 99, .evidence = STR("")};
    home_expect(home_alarm_add(home, account, &lost, &last), ERR_NOT_FOUND);
}

/* ---- notes ---------------------------------------------------------------------------------- */

static enum err is_same(void *ctx, struct str name, struct str value)
{
    (void)name;
    return str_is(value, *(struct str *)ctx) ? ERR_OK : ERR_BAD_FIELD;
}

static enum err list_names(void *ctx, struct str name, struct str value)
{
    (void)value;
    out_put(ctx, name);
    return ERR_OK;
}

static void notes_and_settings_by_name(void **state)
{
    (void)state;
    struct str none = STR(""), one = STR("one"), two = home_rig_text(5000);
    struct str longest = home_rig_text(HOME_NOTE_NAME_BYTES);
    uint8_t room[100];
    struct out names = OUT_OVER(room);
    home_expect(home_note_put(home, account, 0, STR("b"), two), ERR_OK);
    home_expect(home_note_put(home, account, 0, STR("a"), two), ERR_OK);
    home_expect(home_note_put(home, account, 0, STR("a"), one), ERR_OK);
    home_expect(home_note_put(home, account, circle, STR("a"), two), ERR_OK);
    home_expect(home_note_put(home, account, circle, longest, none), ERR_OK);
    home_expect(home_note_put(home, account, 99, STR("a"), one), ERR_NOT_FOUND);
    home_expect(home_setting_put(home, STR("a"), none), ERR_OK);
    open_again();
    home_expect(home_note_get(home, account, 0, STR("a"), is_same, &one), ERR_OK);
    home_expect(home_note_get(home, account, circle, STR("a"), is_same, &two), ERR_OK);
    home_expect(home_note_get(home, account, circle, longest, is_same, &none), ERR_OK);
    home_expect(home_note_get(home, account, circle, STR("b"), is_same, &two), ERR_NOT_FOUND);
    home_expect(home_notes_each(home, account, 0, list_names, &names), ERR_OK);
    assert_true(str_is(out_str(&names), STR("ab")));
    home_expect(home_note_remove(home, account, 0, STR("a")), ERR_OK);
    home_expect(home_note_remove(home, account, 0, STR("a")), ERR_NOT_FOUND);
    home_expect(home_setting_get(home, STR("a"), is_same, &none), ERR_OK);
    home_expect(home_setting_put(home, STR("a"), one), ERR_OK);
    home_expect(home_setting_get(home, STR("a"), is_same, &one), ERR_OK);
    home_expect(home_setting_remove(home, STR("a")), ERR_OK);
    home_expect(home_setting_remove(home, STR("a")), ERR_NOT_FOUND);
    home_expect(home_setting_get(home, STR("a"), is_same, &one), ERR_NOT_FOUND);
}

/* ---- misuse --------------------------------------------------------------------------------- */

static void kind_too_large(void)
{
    struct home_item item = home_rig_item(1);
    item.kind = 256;
    (void)!home_item_add(home, circle, &item);
}

static void name_too_long(void)
{
    (void)!home_setting_put(home, home_rig_text(HOME_NOTE_NAME_BYTES + 1), STR(""));
}

static void no_name(void)
{
    (void)!home_note_put(home, account, 0, STR(""), STR(""));
}

static void circle_of_another(void)
{
    (void)!home_note_put(home, 2, circle, STR("a"), STR(""));
}

static void misuse_stops_the_program(void **state)
{
    (void)state;
    assert_int_equal(home_rig_add_account(home, 2), 2);
    assert_true(aborts(kind_too_large));
    assert_true(aborts(name_too_long));
    assert_true(aborts(no_name));
    assert_true(aborts(circle_of_another));
}

#define OUTBOX_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OUTBOX_TEST(a_later_item_never_overtakes_an_earlier_one),
        OUTBOX_TEST(an_item_has_room_for_all_that_it_may_need),
        OUTBOX_TEST(drafts_oldest_first),
        OUTBOX_TEST(an_item_goes_back_to_drafts_in_one_step),
        OUTBOX_TEST(alarms_until_they_are_seen),
        OUTBOX_TEST(notes_and_settings_by_name),
        OUTBOX_TEST(misuse_stops_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
